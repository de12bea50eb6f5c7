import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ClusterError } from '../errors.ts';

/**
 * One group of processes whose CPU the kernel bounds and counts. Linux has two interfaces for it: version 1 (a hierarchy a
 * controller) and version 2 (one hierarchy). https://docs.kernel.org/scheduler/sched-bwc.html
 */
export interface CpuGroup {
  /** @param share of one core: 0.05 is a twentieth; undefined takes the bound away. */
  limit(share: number | undefined): void;
  /** Moves processes in; what they start later is in it by itself. */
  add(pids: readonly number[]): void;
  read(): GroupUsage;
  /** The group of a process that has ended can go; one with processes stays. */
  remove(): void;
}

interface GroupUsage {
  /** Undefined where the kernel counts CPU in a hierarchy that we can't use. */
  cpuSeconds: number | undefined;
  /** Periods in which the group had something to run, and those in which it was stopped for the rest of the period. */
  periods: number;
  throttledPeriods: number;
  throttledSeconds: number;
}

/**
 * Microseconds of CPU in a period, where the period is not longer than the kernel's default for that: more than two scheduler
 * ticks (4 ms). In shorter slices a process that is woken for each request finds its caches cold in every one of them, and
 * whether it keeps up with a load becomes chance; in longer ones it stands still for longer (decision 0060).
 */
const SLICE = 10_000;
/** The kernel's default, and as long as a slice at a whole core. Microseconds. */
export const PERIOD = 100_000;
const SHORT_PERIOD = 10_000;
const MILLISECOND = 1000;
/** The kernel takes no smaller quota, and no longer period. Microseconds. */
const LEAST_QUOTA = 1000;
const LONGEST_PERIOD = 1_000_000;

/** The largest weights that the kernel takes, against 1,024 and 100 of what has none. */
const MOST_SHARES = '262144';
const MOST_WEIGHT = '10000';

/** Where the kernel shows its groups; another folder in tests. */
export interface CgroupRoots {
  /** `/proc/self/mounts`. */
  mounts: string;
}

/**
 * Makes (or finds) the group `name`.
 *
 * @throws ClusterError when this machine has none, or we may not make one.
 */
export function cpuGroup(name: string, { mounts }: CgroupRoots = { mounts: readMounts() }): CpuGroup {
  const v1 = mountOf(mounts, 'cgroup', 'cpu');
  const v2 = mountOf(mounts, 'cgroup2');
  try {
    if (v1 !== undefined) return groupV1(join(v1, name), mountOf(mounts, 'cgroup', 'cpuacct'), name);
    if (v2 !== undefined && controllersOf(v2).includes('cpu')) return groupV2(v2, name);
  } catch (error) {
    throw new ClusterError(
      `A CPU quota needs a control group, which could not be made (${error instanceof Error ? error.message : String(error)}): run the cluster as root.`,
    );
  }
  throw new ClusterError('A CPU quota needs Linux control groups with the cpu controller, which this machine does not offer.');
}

/** @returns quota and period in microseconds. @throws ClusterError */
export function bandwidth(share: number): { quota: number; period: number } {
  const least = LEAST_QUOTA / LONGEST_PERIOD;
  if (!(share >= least && share <= 64)) throw new ClusterError(`A quota is from ${100 * least}% of a core to 6400%, not ${100 * share}%.`);
  const usual = Math.min(PERIOD, Math.max(SHORT_PERIOD, Math.floor(SLICE / share / MILLISECOND) * MILLISECOND));
  const period = Math.min(LONGEST_PERIOD, Math.max(usual, Math.ceil(LEAST_QUOTA / share)));
  return { quota: Math.max(LEAST_QUOTA, Math.round(share * period)), period };
}

function groupV1(folder: string, accounting: string | undefined, name: string): CpuGroup {
  const counted = accounting === undefined ? undefined : join(accounting, name);
  const folders = [...new Set([folder, ...(counted === undefined ? [] : [counted])])];
  for (const each of folders) mkdirSync(each, { recursive: true });
  // A quota stands for a machine of that size: it is to be had whatever else runs. The weight is that of all our groups together.
  if (name.includes('/')) writeFileSync(join(dirname(folder), 'cpu.shares'), MOST_SHARES);
  return {
    limit(share) {
      const { quota, period } = share === undefined ? { quota: -1, period: PERIOD } : bandwidth(share);
      // The kernel checks each write by itself: without a quota any period is fine.
      writeFileSync(join(folder, 'cpu.cfs_quota_us'), '-1');
      writeFileSync(join(folder, 'cpu.cfs_period_us'), String(period));
      writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(quota));
    },
    add: (pids) => folders.forEach((each) => enter(each, pids)),
    read() {
      const stat = statOf(join(folder, 'cpu.stat'));
      const nanoseconds = counted === undefined ? undefined : Number(readFileSync(join(counted, 'cpuacct.usage'), 'utf8'));
      return {
        cpuSeconds: nanoseconds === undefined ? undefined : nanoseconds / 1e9,
        periods: stat('nr_periods'),
        throttledPeriods: stat('nr_throttled'),
        throttledSeconds: stat('throttled_time') / 1e9,
      };
    },
    remove: () => folders.forEach(removeGroup),
  };
}

function groupV2(root: string, name: string): CpuGroup {
  const folder = join(root, name);
  // Each group above has to pass the controller on.
  for (const above of ancestors(root, folder)) {
    mkdirSync(above, { recursive: true });
    if (!readFileSync(join(above, 'cgroup.subtree_control'), 'utf8').split(/\s+/).includes('cpu'))
      writeFileSync(join(above, 'cgroup.subtree_control'), '+cpu');
  }
  mkdirSync(folder, { recursive: true });
  if (dirname(folder) !== root) writeFileSync(join(dirname(folder), 'cpu.weight'), MOST_WEIGHT);
  return {
    limit(share) {
      const { quota, period } = share === undefined ? { quota: 'max', period: PERIOD } : bandwidth(share);
      writeFileSync(join(folder, 'cpu.max'), `${quota} ${period}`);
    },
    add: (pids) => enter(folder, pids),
    read() {
      const stat = statOf(join(folder, 'cpu.stat'));
      return {
        cpuSeconds: stat('usage_usec') / 1e6,
        periods: stat('nr_periods'),
        throttledPeriods: stat('nr_throttled'),
        throttledSeconds: stat('throttled_usec') / 1e6,
      };
    },
    remove: () => removeGroup(folder),
  };
}

function ancestors(root: string, folder: string): string[] {
  const parent = dirname(folder);
  return parent === root ? [root] : [...ancestors(root, parent), parent];
}

function enter(folder: string, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    } catch (error) {
      // ESRCH: it ended between being listed and being moved.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

function removeGroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // EBUSY: a process is still in it; ENOENT: gone already.
  }
}

function statOf(file: string): (key: string) => number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const values = new Map(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
  return (key) => values.get(key) ?? 0;
}

function controllersOf(root: string): string[] {
  const file = join(root, 'cgroup.controllers');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/) : [];
}

/** The mount point of a hierarchy: `device point type options …` a line, see proc(5). */
export function mountOf(mounts: string, type: string, option?: string): string | undefined {
  const fields = mounts.split('\n').map((line) => line.split(' '));
  return fields.find(([, , kind, options = '']) => kind === type && (option === undefined || options.split(',').includes(option)))?.[1];
}

export function readMounts(): string {
  return existsSync('/proc/self/mounts') ? readFileSync('/proc/self/mounts', 'utf8') : '';
}
