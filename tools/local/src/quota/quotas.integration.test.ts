import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { createQuotas } from './quotas.ts';

/** Something that takes all the CPU that it gets. */
function busy() {
  const child = spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' });
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(end);
  return { pid: child.pid, end };
}

it.skipIf(process.getuid?.() !== 0)('counts the CPU of a process, and not what the one of its name before it used', async () => {
  let running = busy();
  const subject = () => ({ name: 'api-1', pid: running.pid });
  const quotas = createQuotas(
    `test-${process.pid}`,
    () => [subject()],
    () => undefined,
  );
  onTestFinished(() => quotas.clear());
  const used = () => quotas.usage()[0]?.cpuSeconds ?? 0;

  quotas.set('api', 0.5);
  await expect.poll(used, { timeout: 10_000 }).toBeGreaterThan(0.5);
  await running.end();
  running = busy();
  quotas.forget(subject());
  quotas.apply(subject());
  expect(used()).toBeLessThan(0.4);
  expect(quotas.usage()[0]).toMatchObject({ name: 'api-1', share: 0.5, pid: running.pid });
});
