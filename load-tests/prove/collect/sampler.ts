import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Cluster, ProcessUsage } from '@tenfold/cluster';

/** Milliseconds between two looks. Each costs the machine a few milliseconds of CPU. */
const EVERY = 500;
const TICKS = 100;

/** What had been used at a moment, in seconds of one core. */
export interface Sample {
  /** Milliseconds since 1970, as k6 counts. */
  at: number;
  processes: ProcessUsage[];
  /** Time in which a core had nothing to do, all cores together. */
  idle: number;
  /** Time in which another guest of the same host had the core. */
  stolen: number;
  /** Interrupts, most of them packets of the load between containers: nobody's account. */
  interrupts: number;
  generator: number;
  /** This process: collecting is not free either. */
  observer: number;
}

/** What was used between two moments, in cores: 1 is a whole core. */
export interface Use {
  seconds: number;
  processes: ProcessUse[];
  generator: number;
  observer: number;
  /** Everything else that ran on this machine. */
  foreign: number;
  stolen: number;
  /** The part of all cores that had nothing to do. */
  idle: number;
}

export interface ProcessUse {
  name: string;
  /** The quota in cores; null without one. */
  share: number | null;
  cores: number;
  /** Of the periods in which it had something to do, those in which it was held back. */
  throttled: number;
  residentBytes: number;
}

export interface Sampler {
  /** Ends it, after one last look. */
  stop(): Promise<Sample[]>;
}

/**
 * Looks at all processes until it is stopped; the first look is over when this resolves, so that what begins then has one before it.
 *
 * @param generator the process id of k6, once there is one.
 */
export async function startSampler(cluster: Pick<Cluster, 'usage'>, generator: () => number | undefined): Promise<Sampler> {
  const samples: Sample[] = [await look(cluster, generator())];
  const stopped = new AbortController();
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, EVERY));
      samples.push(await look(cluster, generator(), samples.at(-1)?.generator));
    }
  })();
  // Whoever stops it is told.
  loop.catch(() => undefined);
  return {
    async stop() {
      stopped.abort();
      await loop;
      samples.push(await look(cluster, generator(), samples.at(-1)?.generator));
      return samples;
    },
  };
}

/** What is used right now, by two looks a second apart. */
export async function useNow(cluster: Pick<Cluster, 'usage'>): Promise<Use> {
  const samples: Sample[] = [await look(cluster, undefined)];
  await new Promise((resolve) => setTimeout(resolve, 1000));
  samples.push(await look(cluster, undefined));
  return useBetween(samples, samples[0]?.at ?? 0, samples[1]?.at ?? 0);
}

/** @param known what k6 had used at the last look: once it has ended, nobody knows any more. */
async function look(cluster: Pick<Cluster, 'usage'>, generator: number | undefined, known = 0): Promise<Sample> {
  const processes = await cluster.usage();
  const { user, system } = process.cpuUsage();
  return { at: Date.now(), processes, ...hostTimes(), generator: Math.max(known, cpuOf(generator)), observer: (user + system) / 1e6 };
}

/** What was used between two moments, samples before and after them interpolated. @throws RangeError outside of the samples. */
export function useBetween(samples: readonly Sample[], from: number, to: number, cores = availableParallelism()): Use {
  const seconds = (to - from) / 1000;
  const rateOf = (values: readonly number[]) => (valueAt(samples, to, values) - valueAt(samples, from, values)) / seconds;
  const rate = (value: (sample: Sample) => number) => rateOf(samples.map(value));
  const names = new Set(samples.flatMap(({ processes }) => processes.map(({ name }) => name)));
  const processes = [...names].map((name): ProcessUse => {
    const looks = samples.map(({ at, processes: all }) => ({ at, seen: all.find((one) => one.name === name) }));
    const of = (field: 'cpuSeconds' | 'periods' | 'throttledPeriods') => rateOf(sumUp(looks.map(({ seen }) => seen?.[field])));
    const last = looks.findLast(({ at, seen }) => seen && at <= to)?.seen;
    const periods = of('periods');
    return {
      name,
      share: last?.share ?? null,
      cores: of('cpuSeconds'),
      throttled: periods > 0 ? of('throttledPeriods') / periods : 0,
      residentBytes: last?.residentBytes ?? 0,
    };
  });
  const generator = rate((sample) => sample.generator);
  const observer = rate((sample) => sample.observer);
  const idle = rate((sample) => sample.idle);
  const stolen = rate((sample) => sample.stolen);
  const interrupts = rate((sample) => sample.interrupts);
  const known = processes.reduce((sum, { cores: used }) => sum + used, generator + observer + interrupts);
  return { seconds, processes, generator, observer, stolen, foreign: Math.max(0, cores - idle - stolen - known), idle: idle / cores };
}

/**
 * What processes of one name have used, look by look: one that was started again counts on from where the one before it ended. A
 * count of many processes may also be a little less than before, when one of them has ended between two looks.
 */
function sumUp(counts: readonly (number | undefined)[]): number[] {
  let sum = 0;
  let last = counts[0];
  return counts.map((count) => {
    if (count !== undefined) sum += last === undefined || count < last / 2 ? count : count - last;
    last = count ?? last;
    return sum;
  });
}

/** @param values one for each sample. */
function valueAt(samples: readonly Sample[], at: number, values: readonly number[]): number {
  const after = samples.findIndex((sample) => sample.at >= at);
  const [last, next] = [samples[after - 1], samples[after]];
  const [before = 0, then = 0] = [values[after - 1], values[after]];
  if (!next || (!last && next.at > at)) throw new RangeError('there is no sample before and after that moment');
  if (!last) return then;
  return before + ((then - before) * (at - last.at)) / (next.at - last.at);
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks. */
function hostTimes(): Pick<Sample, 'idle' | 'stolen' | 'interrupts'> {
  const [, ...ticks] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/).map(Number);
  return {
    idle: ((ticks[3] ?? 0) + (ticks[4] ?? 0)) / TICKS,
    interrupts: ((ticks[5] ?? 0) + (ticks[6] ?? 0)) / TICKS,
    stolen: (ticks[7] ?? 0) / TICKS,
  };
}

/** User and system time of a process; what it had, once it has ended, is no longer known. */
function cpuOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}
