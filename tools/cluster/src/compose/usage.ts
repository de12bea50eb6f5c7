import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { ProcessUsage } from '../usage.ts';
import type { Container } from './containers.ts';
import { docker } from './docker.ts';

/** Each container sees its own control group, of either version. Names differ, and so do units: micro- and nanoseconds. */
const READ = `cd /sys/fs/cgroup
if [ -e cpu.stat ]; then cat cpu.stat; grep '^anon ' memory.stat
else echo usage_nsec $(cat cpuacct/cpuacct.usage); cat cpu/cpu.stat; grep '^total_rss ' memory/memory.stat; fi`;

const Counters = Type.Record(Type.String(), Type.Number());

export async function usageOf(containers: readonly Container[]): Promise<ProcessUsage[]> {
  return Promise.all(containers.filter(({ pid }) => pid !== null).map(usage));
}

async function usage({ id, name, pid, share }: Container): Promise<ProcessUsage> {
  const lines = (await docker(['exec', id, 'sh', '-c', READ])).trim().split('\n');
  const counters = Value.Parse(
    Counters,
    Object.fromEntries(lines.map((line) => line.split(' ')).map(([key = '', value]) => [key, Number(value)])),
  );
  const read = (...names: string[]) => names.map((key) => counters[key]).find((value) => value !== undefined) ?? 0;
  return {
    name,
    pid,
    share: share ?? null,
    cpuSeconds: read('usage_usec') / 1e6 || read('usage_nsec') / 1e9,
    residentBytes: read('anon', 'total_rss'),
    periods: read('nr_periods'),
    throttledPeriods: read('nr_throttled'),
    throttledSeconds: read('throttled_usec') / 1e6 || read('throttled_time') / 1e9,
  };
}
