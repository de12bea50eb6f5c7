import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject, describe, expect, it } from 'vitest';
import { inTurn } from './turn.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const { ownerUrl, superuserUrl } = inject('stores').postgres.primary;
const at = (database: string) => superuserUrl.replace(/\/[^/]*$/, `/${database}`);

const migrate = (url: string) => run(process.execPath, [`${root}src/migrate/main.ts`], { env: { DATABASE_URL: url } });
const seed = (url: string) => run(process.execPath, [`${root}src/seed/main.ts`], { env: { DATABASE_URL: url } });
const prisma = (url: string, ...args: string[]) => {
  const bin = `${root}node_modules/.bin/prisma`;
  return run(bin, args, { cwd: root, env: { PATH: `${root}../../node_modules/.bin:/usr/bin:/bin`, DATABASE_URL: url } });
};

describe('migrations', () => {
  it('make a database from nothing, and find nothing to do the second time', async () => {
    const url = at('from_nothing');
    expect((await migrate(url)).stdout).toMatch(/applied \d+ migrations/);
    expect((await migrate(url)).stdout).toBe('no migration is pending\n');
    expect((await seed(url)).stdout).toBe('seeded 10000 products in 48 categories\n');
    expect((await seed(url)).stdout).toBe('the catalogue has products already\n');
  });

  it('are applied once by two at the same time: the second waits, without a snapshot that an index would wait for', async () => {
    const url = at('from_two');
    const said = (await Promise.all([migrate(url), migrate(url)])).flatMap(({ stdout }) => stdout.trim().split('\n'));
    expect(said.filter((line) => line !== 'another migration is under way: waiting').toSorted()).toEqual([
      expect.stringMatching(/^applied \d+ migrations$/),
      'no migration is pending',
    ]);
    expect((await prisma(url, 'migrate', 'status')).stdout).toContain('Database schema is up to date!');
  });

  it('wait for another for as long as they have patience', async () => {
    let waited = 0;
    const options = { patience: 300, waiting: () => void (waited += 1) };
    const second = inTurn(superuserUrl, options, () => inTurn(superuserUrl, options, () => Promise.resolve('done')));
    await expect(second).rejects.toThrow('another migration is still under way after 0.3 seconds');
    expect(waited).toBe(1);
    expect(await inTurn(superuserUrl, options, () => Promise.resolve('done'))).toBe('done');
  });

  it('make just what the Prisma schema says', async () => {
    const { stdout } = await prisma(
      superuserUrl,
      'migrate',
      'diff',
      '--from-config-datasource',
      '--to-schema',
      'prisma/schema.prisma',
      '--exit-code',
    );
    expect(stdout).toContain('No difference detected');
  });

  it('are known to Prisma as applied', async () => {
    expect((await prisma(ownerUrl, 'migrate', 'status')).stdout).toContain('Database schema is up to date!');
  });

  it.each([
    ['a wrong password', ownerUrl.replace(/:[^:@/]+@/, ':wrong@'), 'password authentication failed'],
    ['an unreachable server', 'postgresql://x:y@127.0.0.1:1/x', 'ECONNREFUSED'],
    ['no database URL', '', 'DATABASE_URL is missing'],
  ])('say what is wrong in a sentence: %s', async (_what, url, sentence) => {
    const failure: unknown = await migrate(url).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
  });
});

describe("the schema engine's WebAssembly", () => {
  it('is the version that the Prisma CLI expects of its binary', () => {
    const here = createRequire(import.meta.url);
    const engines = createRequire(createRequire(here.resolve('prisma/package.json')).resolve('@prisma/engines/package.json'));
    const wanted: unknown = JSON.parse(readFileSync(engines.resolve('@prisma/engines-version/package.json'), 'utf8'));
    const have: unknown = JSON.parse(readFileSync(`${root}node_modules/@prisma/schema-engine-wasm/package.json`, 'utf8'));
    expect(have).toMatchObject({ version: Reflect.get(Object(wanted), 'version') });
  });
});
