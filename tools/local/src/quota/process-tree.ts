import { readdirSync, readFileSync } from 'node:fs';
import { statFields } from '../process/identity.ts';

/** CPU is counted in clock ticks, which Linux shows as hundredths of a second on every machine (USER_HZ). */
const TICKS = 100;

export interface TreeUsage {
  /** Of the process and all below it, those that have ended included. */
  cpuSeconds: number;
  residentBytes: number;
}

/** A process and all its descendants; empty when it has ended. Linux only. */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const parent = Number(statFields(pid)?.[1]); // field 4 of proc(5)
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return statFields(root) === undefined ? [] : below(root);
}

/** What a process and its descendants have used until now. */
export function usageOfTree(pids: readonly number[]): TreeUsage {
  let ticks = 0;
  let residentBytes = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    // Fields 14 to 17 of proc(5): its own time in user and kernel mode, and that of the children that it has waited for.
    for (const field of fields?.slice(11, 15) ?? []) ticks += Number(field);
    residentBytes += residentOf(pid);
  }
  return { cpuSeconds: ticks / TICKS, residentBytes };
}

/** Memory that the process has for itself: what Postgres and nginx share would be counted once for every process. */
function residentOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
