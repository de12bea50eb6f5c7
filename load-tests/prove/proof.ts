import { analyse, type Analysis, countedRuns, finalRuns } from './analyse.ts';
import type { Run } from './run.ts';
import { type Outlook, outlook } from './extrapolation.ts';
import type { Machine } from './machine.ts';
import { type Plan, turnsOf } from './plan.ts';
import { costByTier, type Tier } from './tiers.ts';

/** How it came about. */
export interface Circumstances {
  command: string;
  on: string;
  mix: string;
  /** ISO 8601. */
  startedAt: string;
  finishedAt: string;
  machine: Machine;
  plan: Plan;
}

/** All that the report shows; proof.json is this, and a report can be made again from it. */
export interface Proof extends Omit<Analysis, 'fit'> {
  /** Of each number of replicas, as a part of ideal. */
  efficiency: Record<string, number>;
  usl: Analysis['fit'];
  /** What the law was fitted to. */
  points: { n: number; round: number; capacity: number }[];
  /** Microseconds of CPU a request at capacity, by number of replicas. */
  cost: { n: number; tiers: Record<Tier, number> }[];
  extrapolation: Outlook | null;
  circumstances: Circumstances;
  runs: Run[];
}

export function proofOf(runs: readonly Run[], circumstances: Circumstances): Proof {
  const { plan } = circumstances;
  const { fit, ...analysis } = analyse(runs, plan.rounds * turnsOf(plan).length);
  const final = finalRuns(runs);
  const counts = [...new Set(final.map(({ n }) => n))].toSorted((one, other) => one - other);
  const cost = counts.map((n) => ({ n, tiers: costByTier(final.filter((run) => run.n === n).map(({ saturation }) => saturation)) }));
  const last = cost.at(-1);
  return {
    ...analysis,
    efficiency: Object.fromEntries(analysis.levels.map(({ n, efficiency }) => [String(n), efficiency])),
    usl: fit,
    points: countedRuns(final).map(({ n, round, capacity }) => ({ n, round, capacity })),
    cost,
    extrapolation: analysis.valid && fit && last ? outlook(fit, plan.share, last.tiers) : null,
    circumstances,
    runs: [...runs],
  };
}
