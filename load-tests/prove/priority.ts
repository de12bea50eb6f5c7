import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** The higher priority of the experiment's own processes (nice -15): what else runs on the machine then waits for them. */
const NICE = -15;

/**
 * Puts processes, with all below them, before what else runs on this machine. What is being measured is then disturbed
 * less by it; how much of it there was is a gate all the same.
 *
 * @returns false where we may not (only root may).
 */
export function prioritise(pids: readonly number[]): boolean {
  try {
    for (const pid of pids.flatMap(descendants)) setPriority(pid, NICE);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return true; // one ended meanwhile
    return false;
  }
}

function descendants(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const);
  const below = (pid: number): number[] => [pid, ...parents.filter(([, parent]) => parent === pid).flatMap(([child]) => below(child))];
  return below(root);
}

/** Field 4 of proc(5); the name before it may hold spaces. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
