import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyCheckout } from './copy.ts';
import { follow } from './example.ts';
import { read } from './repository.ts';

let checkout: string;

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'tenfold-example-'));
  copyCheckout(checkout);
  follow(read('docs/adding-a-module.md'), checkout);
  await run('packages/db', 'prisma', 'generate');
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

/** A program of the packages, in a folder of the copy. @throws with what it printed when it fails. */
async function run(folder: string, program: string, ...args: string[]): Promise<string> {
  const cwd = join(checkout, folder);
  const PATH = `${checkout}/node_modules/.bin:/usr/bin:/bin`;
  const command = join(program === 'prisma' ? cwd : checkout, 'node_modules/.bin', program);
  const { stdout } = await promisify(execFile)(command, args, { cwd, env: { PATH, NO_COLOR: '1' } }).catch((error: unknown) => {
    throw new Error(`${program} ${args.join(' ')}: ${String(Reflect.get(Object(error), 'stdout'))}`);
  });
  return stdout;
}

const PATIENCE = 120_000;

it('docs/adding-a-module.md: the files fit the code base', { timeout: PATIENCE }, async () => {
  expect(await run('apps/api', 'tsc')).toBe('');
});

it('docs/adding-a-module.md: its tests pass', { timeout: PATIENCE }, async () => {
  const files = ['apps/api/src/modules/wishlist'];
  expect(await run('.', 'vitest', 'run', '--project', 'unit', '--project', 'integration', ...files)).toMatch(/Tests +\d+ passed/);
});
