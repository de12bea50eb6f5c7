import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig, secret } from './parse-config.ts';

const Schema = Type.Object({
  PORT: Type.Integer({ minimum: 1, maximum: 65_535, default: 3000 }),
  VERBOSE: Type.Boolean({ default: false }),
  ORIGINS: Type.Array(Type.String(), { default: [] }),
  KEY: Type.String({ minLength: 8, ...secret }),
  MODE: Type.Enum(['fast', 'safe'], { default: 'safe' }),
});

describe('parseConfig', () => {
  it('gives strings their types and fills in the defaults', () => {
    expect(parseConfig(Schema, { PORT: '8080', VERBOSE: '1', ORIGINS: 'a, b,', KEY: '12345678' })).toEqual({
      PORT: 8080,
      VERBOSE: true,
      ORIGINS: ['a', 'b'],
      KEY: '12345678',
      MODE: 'safe',
    });
  });

  it('takes an empty variable for an absent one', () => {
    expect(parseConfig(Schema, { PORT: ' ', KEY: '12345678' }).PORT).toBe(3000);
  });

  it('reports every wrong variable in one error, and no secret value', () => {
    const wrong = { PORT: '80a', VERBOSE: 'yes', KEY: 'hunter2', MODE: 'loud' };
    const error = expectConfigError(() => parseConfig(Schema, wrong));
    expect(error.problems.map((problem) => problem.split(' ')[0]).sort()).toEqual(['KEY', 'MODE', 'PORT', 'VERBOSE']);
    expect(error.message).toContain('"80a"');
    expect(error.message).toContain('MODE must be one of fast, safe, got "loud"');
    expect(error.message).not.toContain('hunter2');
  });

  it('reads a secret, and nothing else, from the file that NAME_FILE names', ({ onTestFinished }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tenfold-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'key');
    writeFileSync(file, 'from a file\n');
    expect(parseConfig(Schema, { KEY_FILE: file })).toMatchObject({ KEY: 'from a file' });
    expect(parseConfig(Schema, { KEY_FILE: file, KEY: '12345678' })).toMatchObject({ KEY: '12345678' });
    expect(parseConfig(Schema, { KEY: '12345678', MODE_FILE: file })).toMatchObject({ MODE: 'safe' });
    expect(expectConfigError(() => parseConfig(Schema, { KEY_FILE: `${file}s` })).message).toMatch(/KEY_FILE can't be read: ENOENT/);
  });

  it('names a missing variable', () => {
    expect(expectConfigError(() => parseConfig(Schema, {})).problems).toEqual(['KEY is missing']);
  });
});

function expectConfigError(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('expected a ConfigError');
}
