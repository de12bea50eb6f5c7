import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { lock, ownerOf } from './lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenfold-lock-'));
const file = join(folder, 'supervisor.json');
afterAll(() => rmSync(folder, { recursive: true }));
const taken = (pid: number) => `process ${pid} has it`;

it('is held by one, until it is released', () => {
  const release = lock(file, taken);
  expect(ownerOf(file)?.pid).toBe(process.pid);
  expect(() => lock(file, taken)).toThrow(taken(process.pid));
  release();
  expect(ownerOf(file)).toBeUndefined();
  lock(file, taken)();
  expect(readdirSync(folder)).toEqual([]);
});

it.each([
  ['whose process is gone', JSON.stringify({ pid: 1 << 22, started: 'x/1' })],
  ['whose process id belongs to another one now', JSON.stringify({ pid: process.pid, started: 'an earlier boot/1' })],
  ['that is damaged', '{"pid":'],
])('is taken over from a holder %s', (_what, content) => {
  writeFileSync(file, content);
  lock(file, taken)();
  expect(readdirSync(folder)).toEqual([]);
});
