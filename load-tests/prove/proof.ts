import { analyse, type Analysis, finalRuns } from './analyse.ts';
import type { Run } from './run.ts';
import { type Extrapolation, extrapolate } from './extrapolation.ts';
import { isSound } from './gates.ts';
import type { Machine } from './machine.ts';
import type { Plan } from './plan.ts';
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
  extrapolation: Extrapolation | null;
  circumstances: Circumstances;
  runs: Run[];
}

export function proofOf(runs: readonly Run[], circumstances: Circumstances): Proof {
  const { fit, ...analysis } = analyse(runs);
  const final = finalRuns(runs);
  const counts = [...new Set(final.map(({ n }) => n))].toSorted((one, other) => one - other);
  const cost = counts.map((n) => ({ n, tiers: costByTier(final.filter((run) => run.n === n).map(({ saturation }) => saturation)) }));
  const last = cost.at(-1);
  return {
    ...analysis,
    efficiency: Object.fromEntries(analysis.levels.map(({ n, efficiency }) => [String(n), efficiency])),
    usl: fit,
    points: final
      .filter(({ valid, gates }) => valid || (analysis.limit !== null && isSound(gates)))
      .map(({ n, round, capacity }) => ({ n, round, capacity })),
    cost,
    extrapolation: analysis.valid && fit && last ? extrapolate(fit, circumstances.plan.share, last.tiers) : null,
    circumstances: asFarAsItWent(runs, circumstances),
    runs: [...runs],
  };
}

/** An experiment that was interrupted says so, and has as many rounds as it had. */
function asFarAsItWent(runs: readonly Run[], circumstances: Circumstances): Circumstances {
  const { command, plan } = circumstances;
  const rounds = Math.max(0, ...runs.map(({ round }) => round));
  if (rounds >= plan.rounds) return circumstances;
  return { ...circumstances, command: `${command} (ended after ${rounds} of ${plan.rounds} rounds)`, plan: { ...plan, rounds } };
}
