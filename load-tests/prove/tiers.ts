import type { Use } from './collect/sampler.ts';
import type { Trial } from './trial.ts';

/** The tiers that a request goes through, and what it takes of each. */
export type Tier = 'api' | 'edge' | 'postgres' | 'redis' | 'worker' | 'k6';
export const TIERS: readonly Tier[] = ['api', 'edge', 'postgres', 'redis', 'worker', 'k6'];

/** Cores that each tier used. */
function coresByTier({ processes, generator }: Use): Record<Tier, number> {
  const sum = (prefix: string) => processes.filter(({ name }) => name.startsWith(prefix)).reduce((total, { cores }) => total + cores, 0);
  return { api: sum('api-'), edge: sum('edge'), postgres: sum('postgres'), redis: sum('redis'), worker: sum('worker'), k6: generator };
}

/** Microseconds of CPU that each tier spends on a request, its idle work shared out among them. */
export function costByTier(trials: readonly Trial[]): Record<Tier, number> {
  const cost = (tier: Tier) => (1e6 * trials.reduce((sum, { use, goodput }) => sum + coresByTier(use)[tier] / goodput, 0)) / trials.length;
  return { api: cost('api'), edge: cost('edge'), postgres: cost('postgres'), redis: cost('redis'), worker: cost('worker'), k6: cost('k6') };
}
