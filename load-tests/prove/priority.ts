import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** The higher priority of what is measured beside the replicas, and of k6: what else runs on the machine then waits for them. */
export const NICE = -15;

/**
 * Puts processes, with all below them, before what else runs on this machine (or back). What is being measured is then
 * disturbed less by it; how much of it there was is a gate all the same. Of a program with threads this is the first one: the others
 * have priorities that it gave them itself. Only root may; for anybody else nothing changes.
 */
export function prioritise(pids: readonly number[], nice = NICE): void {
  for (const pid of pids.flatMap(descendants)) {
    try {
      setPriority(pid, nice);
    } catch {
      // It has ended meanwhile, or we may not.
    }
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
