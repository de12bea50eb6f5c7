import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, expect, it } from 'vitest';
import { cpuGroup } from './cgroup.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A process that would take a whole core. */
function spin() {
  const child = spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' });
  undo.push(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child.pid ?? 0;
}

function realGroup() {
  try {
    return cpuGroup(`tenfold-test-${process.pid}/spin`);
  } catch {
    return undefined; // no root, or no such kernel
  }
}

const group = realGroup();
afterAll(() => {
  group?.remove();
  if (group) cpuGroup(`tenfold-test-${process.pid}`).remove();
});

it.skipIf(group === undefined)('holds a process to a tenth of a core, and counts what it was denied', async () => {
  if (!group) throw new Error('unreachable');
  undo.push(() => group.limit(undefined));
  group.limit(0.1);
  group.add([spin()]);
  const before = group.read();
  const started = performance.now();
  await wait(2000);
  const after = group.read();
  const share = ((after.cpuSeconds ?? 0) - (before.cpuSeconds ?? 0)) / ((performance.now() - started) / 1000);
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(0.12);
  expect((after.throttledPeriods - before.throttledPeriods) / (after.periods - before.periods)).toBeGreaterThan(0.5);
  expect(after.throttledSeconds - before.throttledSeconds).toBeGreaterThan(1);
});

it('writes what version 2 of control groups wants, and passes the controller on', () => {
  const root = mkdtempSync(join(tmpdir(), 'tenfold-cgroup-'));
  undo.push(() => rmSync(root, { recursive: true }));
  const fake = (path: string, text: string) => writeFileSync(join(root, path), text);
  // What the kernel makes in each folder of this hierarchy.
  mkdirSync(join(root, 'tenfold-x', 'api-1'), { recursive: true });
  fake('cgroup.controllers', 'cpuset cpu io memory\n');
  fake('cgroup.subtree_control', 'memory\n');
  fake('tenfold-x/cgroup.subtree_control', '\n');
  fake('tenfold-x/api-1/cpu.stat', 'usage_usec 1500000\nnr_periods 40\nnr_throttled 30\nthrottled_usec 900000\n');

  const made = cpuGroup('tenfold-x/api-1', { mounts: `cgroup2 ${root} cgroup2 rw,nosuid 0 0\n` });
  made.limit(0.05);
  made.add([process.pid]);
  const written = (path: string) => readFileSync(join(root, path), 'utf8');
  expect(written('cgroup.subtree_control')).toBe('+cpu');
  expect(written('tenfold-x/cgroup.subtree_control')).toBe('+cpu');
  expect(written('tenfold-x/api-1/cpu.max')).toBe('5000 100000');
  expect(written('tenfold-x/api-1/cgroup.procs')).toBe(String(process.pid));
  expect(made.read()).toEqual({ cpuSeconds: 1.5, periods: 40, throttledPeriods: 30, throttledSeconds: 0.9 });
  made.limit(undefined);
  expect(written('tenfold-x/api-1/cpu.max')).toBe('max 100000');
});
