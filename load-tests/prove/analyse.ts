import type { Run } from './run.ts';
import { isSound } from './gates.ts';
import { limitOf, type Limit } from './limit.ts';
import { bootstrapIntervals, type Interval } from './usl/bootstrap.ts';
import { below, fitCeiling, worstMiss } from './usl/ceiling.ts';
import { determination, fitContention, fitUsl } from './usl/fit.ts';
import { peak, type Point, throughput, type Usl } from './usl/model.ts';
import { verdictOf, wordFor } from './verdict.ts';

/** What is promised: parts of ideal throughput by number of replicas, and the most contention. */
export const GOALS: readonly { n: number; efficiency: number }[] = [
  { n: 4, efficiency: 0.97 },
  { n: 8, efficiency: 0.93 },
  { n: 10, efficiency: 0.9 },
];
const MOST_CONTENTION = 0.01;
/** From here on agreement between pairs of replicas costs ten replicas a tenth of their throughput. */
const MOST_COHERENCY = 0.001;

/** To such a part is known what replicas do, from one run: twice the precision of the search. */
const KNOWN = 0.1;

/** All valid runs of one number of replicas together. */
export interface Level {
  n: number;
  /** Requests a second: the mean, and the range, of the runs. */
  capacity: number;
  least: number;
  most: number;
  /** Part of `n` times the mean of one replica, with the range that the runs leave. */
  efficiency: number;
  efficiencyRange: Interval;
  runs: number;
}

interface GoalResult {
  name: string;
  wanted: string;
  found: string;
  met: boolean;
}

interface GateResult {
  name: string;
  passed: boolean;
  /** How many runs had to pass it, and how many did, repeated ones counted once. */
  runs: number;
  passedRuns: number;
  detail: string;
}

interface Fit extends Usl {
  intervals: Record<keyof Usl, Interval> | null;
  r2: number;
  /** Replicas past which more do less; null when there is none. */
  peak: number | null;
}

export interface Analysis {
  /** Every run that was planned has been, and counts. */
  valid: boolean;
  verdict: string;
  /** What bends the line or voids the runs, in a word. */
  cause: 'none' | 'contention' | 'coherency' | 'void';
  goals: GoalResult[];
  gates: GateResult[];
  levels: Level[];
  fit: Fit | null;
  /** What replicas waited for when they had CPU left; null when they were the limit themselves. */
  limit: Limit | null;
}

/**
 * From runs to a verdict. Void runs count for nothing but the verdict "void".
 *
 * @param planned how many runs there are when the experiment is done.
 */
export function analyse(runs: readonly Run[], planned: number): Analysis {
  const final = finalRuns(runs);
  const isDone = final.length >= planned;
  const valid = isDone && final.every((run) => run.valid);
  const counted = countedRuns(final);
  const isVoid = final.length === 0 || counted.length < final.length;
  const levels = levelsOf(counted);
  const fit = fitOf(counted);
  const efficiencies = efficiencyGoals(levels);
  // Without one of those, little contention is no merit: the law may bend by coherency.
  const goals = efficiencies.length > 0 && fit ? [...efficiencies, contentionGoal(fit)] : efficiencies;
  const gates = gateResults(final);
  const limit = limitOf(counted);
  const isBent = goals.some(({ met }) => !met) || (fit !== null && fit.b > MOST_COHERENCY);
  const cause = isVoid ? 'void' : isBent ? causeOf(fit, limit, pointsOf(counted)) : 'none';
  return {
    valid,
    cause,
    verdict: [
      ...(isDone ? [] : [`Not done, ${final.length} of ${planned} runs, so it proves nothing yet.`]),
      verdictOf({ cause, levels, limit, goals, gates }, wordFor(final)),
      ...(isDone && !isVoid && !valid ? ['So the gate “bound” is broken: this shows a limit, and is no proof of scaling.'] : []),
    ].join(' '),
    goals,
    gates,
    levels,
    fit,
    limit,
  };
}

/** Those that the figures are made of. Where nothing is wrong with any but that something shared was the limit, they say what that did. */
export function countedRuns(final: readonly Run[]): Run[] {
  const isLimited = final.every(({ gates }) => isSound(gates));
  return final.filter((run) => run.valid || isLimited);
}

/** A run that was done again counts as it was the last time. */
export function finalRuns(runs: readonly Run[]): Run[] {
  const last = new Map(runs.map((run) => [`${run.round}/${run.turn}/${run.n}`, run]));
  return [...last.values()];
}

function levelsOf(runs: readonly Run[]): Level[] {
  const counts = [...new Set(runs.map(({ n }) => n))].toSorted((one, other) => one - other);
  const capacities = (n: number) => runs.filter((run) => run.n === n).map(({ capacity }) => capacity);
  const one = capacities(1);
  return counts.map((n) => {
    const all = capacities(n);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    return {
      n,
      capacity: mean(all),
      least,
      most,
      efficiency: mean(all) / (n * mean(one)),
      efficiencyRange: n === 1 ? [1, 1] : [least / (n * mean(one)), most / (n * mean(one))],
      runs: all.length,
    };
  });
}

function fitOf(runs: readonly Run[]): Fit | null {
  const points = pointsOf(runs);
  if (new Set(points.map(({ n }) => n)).size < 3) return null;
  const law = fitUsl(points);
  const top = peak(law);
  return {
    ...law,
    intervals: bootstrapIntervals(points, law) ?? null,
    r2: determination(points, law),
    peak: Number.isFinite(top) ? top : null,
  };
}

function pointsOf(runs: readonly Run[]): Point[] {
  return runs.map(({ n, capacity }) => ({ n, x: capacity }));
}

function efficiencyGoals(levels: readonly Level[]): GoalResult[] {
  return GOALS.flatMap(({ n, efficiency: wanted }) => {
    const level = levels.find((one) => one.n === n);
    if (!level || !Number.isFinite(level.efficiency)) return [];
    return [
      { name: `E(${n})`, wanted: `at least ${wanted.toFixed(2)}`, found: level.efficiency.toFixed(3), met: level.efficiency >= wanted },
    ];
  });
}

function contentionGoal({ a }: Fit): GoalResult {
  return { name: 'a', wanted: `at most ${MOST_CONTENTION}`, found: a.toFixed(4), met: a <= MOST_CONTENTION };
}

function gateResults(runs: readonly Run[]): GateResult[] {
  const names = runs[0]?.gates.map(({ name }) => name) ?? [];
  return names.map((name) => {
    const all = runs.map((run) => ({ run, gate: run.gates.find((gate) => gate.name === name) }));
    const broken = all.filter(({ gate }) => gate?.passed === false);
    const worst = broken[0] ?? all.at(-1);
    return {
      name,
      passed: broken.length === 0,
      runs: all.length,
      passedRuns: all.length - broken.length,
      detail: worst?.gate ? `${worst.run.n} replicas, round ${worst.run.round}: ${worst.gate.detail}` : '',
    };
  });
}

function causeOf(fit: Fit | null, limit: Limit | null, points: readonly Point[]): Analysis['cause'] {
  // Where something that they share is at its limit, the law's curve only passes near the points: which of the two it bends by says nothing.
  if (limit !== null) return 'contention';
  if (!fit) return 'none';
  // Which of the two costs the ten replicas more: a (N - 1) against b N (N - 1).
  const isCoherency = 10 * fit.b > fit.a;
  if (isCoherency && fit.b > MOST_COHERENCY) return isWaiting(points) ? 'contention' : 'coherency';
  return fit.a > MOST_CONTENTION ? 'contention' : 'none';
}

/**
 * Whether waiting for something that there is once explains what was measured as well as it can be told: by the law without coherency, or
 * by a line that ends at a ceiling, since what is full has a corner, and the law has none (decision 0099).
 */
function isWaiting(points: readonly Point[]): boolean {
  const [contention, ceiling] = [fitContention(points), fitCeiling(points)];
  const miss = Math.min(
    worstMiss(points, (n) => throughput(contention, n)),
    worstMiss(points, (n) => below(ceiling, n)),
  );
  const each = points.length / new Set(points.map(({ n }) => n)).size;
  return miss <= KNOWN / Math.sqrt(each);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
