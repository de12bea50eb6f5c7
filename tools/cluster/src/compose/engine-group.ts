import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MOST_SHARES, MOST_WEIGHT, mountOf, readMounts } from '../local/cgroup.ts';

/** What the kernel gives a group that nobody has weighed, in the two interfaces. */
const USUAL = { shares: '1024', weight: '100' };

/**
 * Weighs the group in which the engine keeps its containers, all of them together, against what else runs on this machine: without
 * that a container's own weight says nothing there. Does nothing where the engine runs on another machine, or we may not.
 *
 * @param pid of one of them.
 */
export function weighContainers(pid: number, most: boolean): void {
  try {
    const mounts = readMounts();
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
    const path = (is: (controllers: string[]) => boolean) =>
      groups.map((line) => line.split(':')).find(([, controllers = '']) => is(controllers.split(',')))?.[2];
    const first = path((controllers) => controllers.includes('cpu'));
    const second = path(([only]) => only === '');
    const [v1, v2] = [mountOf(mounts, 'cgroup', 'cpu'), mountOf(mounts, 'cgroup2')];
    if (v1 !== undefined && first !== undefined) writeFileSync(join(v1, dirname(first), 'cpu.shares'), most ? MOST_SHARES : USUAL.shares);
    else if (v2 !== undefined && second !== undefined)
      writeFileSync(join(v2, dirname(second), 'cpu.weight'), most ? MOST_WEIGHT : USUAL.weight);
  } catch {
    // Then it weighs what it weighs.
  }
}
