import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ClusterError } from '../errors.ts';
import type { ProcessUsage } from '../usage.ts';
import type { Container } from './containers.ts';
import { docker } from './docker.ts';
import { countersOnHost } from './host-counters.ts';

/** Each container sees its own control group, of either version. Names differ, and so do units: micro- and nanoseconds. */
const READ = `cd /sys/fs/cgroup
if [ -e cpu.stat ]; then cat cpu.stat; grep '^anon ' memory.stat
else echo usage_nsec $(cat cpuacct/cpuacct.usage); cat cpu/cpu.stat; grep '^total_rss ' memory/memory.stat; fi`;

const Counters = Type.Record(Type.String(), Type.Number());

/** Milliseconds for which the list of containers is good: asking the engine for it costs more than all the counters. */
const LIST_KEPT = 60_000;

export interface Usage {
  read(): Promise<ProcessUsage[]>;
  /** To be called when containers come, go or get another quota. */
  forget(): void;
}

export function createUsage(list: () => Promise<Container[]>): Usage {
  let known: { containers: Container[]; at: number } | undefined;
  /** One that crashed has used nothing that could still be read; where it is started again, it is another process. */
  const gone = (error: unknown): undefined => {
    if (!(error instanceof ClusterError)) throw error;
    known = undefined;
  };
  const current = async () => {
    if (known === undefined || performance.now() - known.at > LIST_KEPT) known = { containers: await list(), at: performance.now() };
    return known.containers;
  };
  return {
    async read() {
      const running = (await current()).filter(({ pid }) => pid !== null);
      const all = await Promise.all(running.map((one) => usage(one).catch(gone)));
      return all.filter((one) => one !== undefined);
    },
    forget() {
      known = undefined;
    },
  };
}

async function usage({ id, name, pid, share }: Container): Promise<ProcessUsage> {
  const lines = (pid === null ? undefined : countersOnHost(pid)) ?? (await docker(['exec', id, 'sh', '-c', READ])).trim().split('\n');
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
