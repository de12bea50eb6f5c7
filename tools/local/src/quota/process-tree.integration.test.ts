import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { treeOf, usageOfTree } from './process-tree.ts';

it.skipIf(!existsSync('/proc/self/stat'))('counts the CPU of a process with all its children', async () => {
  const parent = spawn('/bin/sh', ['-c', `"${process.execPath}" -e 'for(;;);' & wait`], { stdio: 'ignore' });
  onTestFinished(async () => {
    for (const pid of treeOf(parent.pid ?? 0).toReversed()) process.kill(pid, 'SIGKILL');
    await once(parent, 'exit');
  });
  const usage = () => usageOfTree(treeOf(parent.pid ?? 0)).cpuSeconds;
  await expect.poll(usage, { timeout: 10_000 }).toBeGreaterThan(0.2);
  expect(treeOf(parent.pid ?? 0).length).toBeGreaterThan(1);
});
