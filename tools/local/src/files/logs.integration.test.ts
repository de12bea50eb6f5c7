import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../process/until.ts';
import { capLogs } from './cap-logs.ts';
import { lastLineSince, sizeOf } from './log.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenfold-logs-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('capLogs keeps one old file and empties the log, through a link too', async () => {
  const [log, linked, target] = ['a.log', 'b.log', 'target'].map((name) => join(folder, name));
  if (!log || !linked || !target) throw new Error('three names');
  writeFileSync(log, 'x'.repeat(2000));
  writeFileSync(target, 'y'.repeat(2000));
  symlinkSync(target, linked);
  const done = new AbortController();
  capLogs(folder, done.signal, 1000, 10);
  await until(() => sizeOf(log) === 0 && sizeOf(target) === 0, { what: 'the logs were not cut', within: 30_000 });
  done.abort();
  expect([`${log}.old`, `${linked}.old`].map(sizeOf)).toEqual([2000, 2000]);
  appendFileSync(log, 'on it goes');
  expect(readFileSync(log, 'utf8')).toBe('on it goes');
});

function said(text: string): string {
  const file = join(folder, 'said');
  writeFileSync(file, `an earlier life\n${text}`);
  return lastLineSince(file, 'an earlier life\n'.length);
}

describe('lastLineSince', () => {
  it('prefers plain words to JSON, and words to stack traces', () => {
    expect(said('{"level":"info","msg":"booting"}\ntenfold api: can\'t start: no such host\n    at main (x.ts:1)\n\nNode.js v24\n')).toBe(
      "tenfold api: can't start: no such host",
    );
  });

  it('takes the message out of JSON, and out of the frames of Postgres and Redis', () => {
    expect(said('{"level":"fatal","msg":"out of memory"}\n')).toBe('out of memory');
    expect(said('2026-11-21 06:04:39.169 UTC [7976] FATAL:  still in use\n')).toBe('FATAL:  still in use');
  });

  it('is empty when nothing was said in this life', () => {
    expect(said('')).toBe('');
  });
});
