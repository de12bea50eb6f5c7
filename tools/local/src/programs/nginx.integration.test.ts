import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findNginx, parseVersion } from './nginx.ts';

it('finds an nginx that runs, the second time without fetching, for two callers at once', async ({ onTestFinished }) => {
  const cacheDirectory = join(await mkdtemp(join(tmpdir(), 'tenfold-find-nginx-')), 'made', 'when', 'missing');
  onTestFinished(() => rm(join(cacheDirectory, '../../..'), { recursive: true, force: true }));

  const steps: string[] = [];
  const progress = (sentence: string) => void steps.push(sentence);
  const [first, second] = await Promise.all([findNginx({ cacheDirectory, progress }), findNginx({ cacheDirectory, progress })]);
  expect(second).toEqual(first);
  const { stderr } = await promisify(execFile)(first.path, ['-v']);
  expect(parseVersion(stderr)).toBe(first.version);
  // The edge's workers may run under another account.
  expect((await stat(first.path)).mode & 0o555).toBe(0o555);
  const left = await readdir(cacheDirectory, { recursive: true }).catch(() => []);
  expect(left.filter((name) => name.includes('.work-'))).toEqual([]);

  steps.length = 0;
  await expect(findNginx({ cacheDirectory, progress })).resolves.toEqual(first);
  expect(steps).toEqual([]);
});
