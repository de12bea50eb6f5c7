import { setTimeout as wait } from 'node:timers/promises';
import type { Exit, Running } from './launch.ts';

/** What to send, and how many milliseconds to wait for the end before the next one. */
export interface StopStep {
  signal: NodeJS.Signals;
  wait: number;
}

/**
 * Sends one signal after the other until the process ends, SIGKILL at last to it and to whatever it left in its process
 * group (nginx's workers outlive a killed master).
 */
export async function end(running: Running, steps: readonly StopStep[]): Promise<Exit> {
  for (const step of steps) {
    running.signal(step.signal);
    const exit = await Promise.race([running.exited, wait(step.wait, undefined, { ref: false })]);
    if (exit) return exit;
  }
  killGroup(running.pid);
  return running.exited;
}

/** Ends every process of the group that `pid` led; a group that is gone is fine. */
export function killGroup(pid: number): void {
  if (pid <= 1) return; // 0 and -1 mean "everything" to kill(2)
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody left.
  }
}
