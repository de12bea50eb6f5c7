import type { Tier } from './tiers.ts';
import { throughput, type Usl } from './usl/model.ts';

/** What is taken for granted on the way to many machines. Every number of it is shown beside the result. */
export const ASSUMPTIONS = {
  /** Requests a second that are aimed at. */
  rate: 100_000,
  /** The part of its CPU that a tier is planned to use, so that a lost machine or a rush finds room. */
  utilisation: 0.6,
  /** Cores of a replica (Node runs its code on one) and of a machine of every other tier. */
  replicaCores: 1,
  machineCores: 8,
  /** Dollars a month for a core with 4 GiB on demand, without discounts: 0.05 an hour times 730. */
  corePrice: 36.5,
  /** Machines that a tier has at least, so that one may be lost. */
  least: 2,
};

interface TierEstimate {
  tier: string;
  count: number;
  size: string;
  /** Dollars a month. */
  cost: number;
}

export interface Extrapolation {
  tiers: TierEstimate[];
  cost: number;
  /** Clusters of so many replicas each side by side. */
  cells: number;
  replicasPerCell: number;
}

/** By the law as it was fitted, and by the worst one that the measurements allow; null without intervals. */
export interface Outlook {
  likely: Extrapolation;
  worst: Extrapolation | null;
}

/** @param fit with its intervals: the worst has a and b at their upper ends. */
export function outlook(
  fit: Usl & { intervals: Record<keyof Usl, readonly [number, number]> | null },
  share: number,
  cost: Record<Tier, number>,
): Outlook {
  const { intervals } = fit;
  const worst = intervals && { g: fit.g, a: intervals.a[1], b: intervals.b[1] };
  return { likely: extrapolate(fit, share, cost), worst: worst && extrapolate(worst, share, cost) };
}

/** Replicas that one edge and one set of stores are planned for at most; past it another cell is put beside the first. */
const MOST_PER_CELL = 100;

/**
 * What 100,000 requests a second of this mix would need, by the measured law and the measured CPU of each tier.
 *
 * @param law fitted to replicas with `share` of a core: a whole core is taken to do 1/share times as much.
 * @param cost microseconds of CPU a request, by tier.
 */
export function extrapolate(law: Usl, share: number, cost: Record<Tier, number>): Extrapolation {
  const { rate, utilisation, replicaCores, machineCores, corePrice, least } = ASSUMPTIONS;
  const whole: Usl = { ...law, g: (law.g * replicaCores * utilisation) / share };
  const { cells, replicas } = cellsFor(whole, rate);
  // Each cell has its own.
  const machines = (tier: Tier) => cells * Math.max(least, Math.ceil((rate * cost[tier]) / 1e6 / utilisation / machineCores / cells));
  const estimate = (tier: string, count: number, cores: number): TierEstimate => ({
    tier,
    count,
    size: `${cores} vCPU`,
    cost: count * cores * corePrice,
  });
  const tiers = [
    estimate('API replicas', cells * replicas, replicaCores),
    estimate('edge (nginx)', machines('edge'), machineCores),
    estimate('PostgreSQL, primary and replicas', machines('postgres'), machineCores),
    estimate('Redis, cache and state', machines('redis'), machineCores),
  ];
  return { tiers, cost: tiers.reduce((sum, tier) => sum + tier.cost, 0), cells, replicasPerCell: replicas };
}

/** The fewest replicas, in the fewest cells, that reach the rate together. */
function cellsFor(law: Usl, rate: number): { cells: number; replicas: number } {
  for (let cells = 1; cells <= 10_000; cells += 1) {
    for (let replicas = 1; replicas <= MOST_PER_CELL; replicas += 1) {
      if (throughput(law, replicas) * cells >= rate) return { cells, replicas };
    }
  }
  throw new RangeError('such a cluster reaches no such rate');
}
