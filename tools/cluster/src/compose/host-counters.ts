import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountOf, readMounts } from '../local/cgroup.ts';

/**
 * What the kernel has counted for a container, read from outside. A look costs a millisecond, where `docker exec` in every
 * container costs a second of CPU.
 *
 * @returns the counters under the names of their files; undefined where the engine runs on another machine, or we may not look.
 */
export function countersOnHost(pid: number): string[] | undefined {
  try {
    const mounts = readMounts();
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(':'));
    const folder = (controller: string): string | undefined => {
      const path = groups.find(([, controllers = '']) => controllers.split(',').includes(controller))?.[2];
      const mount = controller === '' ? mountOf(mounts, 'cgroup2') : mountOf(mounts, 'cgroup', controller);
      return path === undefined || mount === undefined ? undefined : join(mount, path);
    };
    const [cpu, accounting, memory] = ['cpu', 'cpuacct', 'memory'].map(folder);
    if (cpu !== undefined && accounting !== undefined && memory !== undefined) {
      return [
        `usage_nsec ${readFileSync(join(accounting, 'cpuacct.usage'), 'utf8').trim()}`,
        ...linesOf(join(cpu, 'cpu.stat')),
        ...linesOf(join(memory, 'memory.stat')).filter((line) => line.startsWith('total_rss ')),
      ];
    }
    const only = folder('');
    if (only === undefined) return undefined;
    return [...linesOf(join(only, 'cpu.stat')), ...linesOf(join(only, 'memory.stat')).filter((line) => line.startsWith('anon '))];
  } catch {
    return undefined;
  }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').trim().split('\n');
}
