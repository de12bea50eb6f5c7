import { scaledOf } from './gates.ts';
import type { Run } from './run.ts';

/** What was the limit where replicas were not. */
export interface Limit {
  /** The fewest replicas that had CPU left. */
  from: number;
  /** The part of their quotas that the most replicas used. */
  used: number;
  /** What was busiest of what there is once, and the part of a core that it used. */
  busiest: { name: string; cores: number };
  /** Seconds a second, all requests together, of waiting for a database connection. */
  poolWait: number;
  words: string;
}

/** What uses more than this of a core has no more to give. */
const BUSY = 0.8;
/** So much waiting for connections is more than chance. */
const WAITING = 0.5;

/** Looks for what the replicas waited for; null when each of them used its quota in every run. */
export function limitOf(runs: readonly Run[]): Limit | null {
  const limited = runs.filter(({ gates }) => gates.some(({ name, passed }) => name === 'bound' && !passed));
  const most = limited.toSorted((one, other) => other.n - one.n)[0];
  if (!most) return null;
  const { use, replicas, counted } = most.saturation;
  const bounded = scaledOf(most.saturation);
  const used = bounded.reduce((sum, { cores, share }) => sum + cores / (share ?? 1), 0) / bounded.length;
  const busiest = use.processes
    .filter((process) => !bounded.includes(process))
    .toSorted((one, other) => other.cores - one.cores)
    .map(({ name, cores }) => ({ name, cores }))[0] ?? { name: 'nothing', cores: 0 };
  const poolWait = replicas.reduce((sum, { poolWait: seconds }) => sum + seconds, 0) / counted;
  const from = Math.min(...limited.map(({ n }) => n));
  return { from, used, busiest, poolWait, words: inWords({ n: most.n, from, used, busiest, poolWait }) };
}

const percent = (part: number) => `${(100 * part).toFixed(0)}%`;

function inWords({ n, from, used, busiest, poolWait }: Omit<Limit, 'words'> & { n: number }): string {
  const found =
    busiest.cores >= BUSY
      ? `${busiest.name} used ${percent(busiest.cores)} of a core`
      : poolWait >= WAITING
        ? `${poolWait.toFixed(1)} requests at a time waited for a database connection, while the database was not busy, most likely for a lock`
        : `nothing that they share was busy: they may have waited for a lock or for the network`;
  return `From ${from} ${from === 1 ? 'replica' : 'replicas'} on, replicas were not the limit: ${n} of them used ${percent(used)} of their quotas, and ${found}.`;
}
