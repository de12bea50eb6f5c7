import { createRandom } from '../random.ts';
import { fitUsl } from './fit.ts';
import { type Point, throughput, type Usl } from './model.ts';

/** 95 times in 100 such an interval holds the true value. */
export type Interval = readonly [low: number, high: number];

const SAMPLES = 1000;

/**
 * How sure the coefficients are: the residuals of the fit are dealt out anew a thousand times, and the law is fitted to
 * each of the results (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 9). Residuals are taken as
 * parts of the throughput, since ten replicas vary by more requests than one, and are widened by the degrees of freedom
 * that the fit has used up.
 *
 * @returns undefined where there are no more points than coefficients: nothing is left to tell the error by.
 */
export function bootstrapIntervals(points: readonly Point[], law: Usl, seed = 1): Record<keyof Usl, Interval> | undefined {
  const freedom = points.length - 3;
  if (freedom < 1) return undefined;
  const widen = Math.sqrt(points.length / freedom);
  const residuals = points.map(({ n, x }) => widen * (x / throughput(law, n) - 1));
  const random = createRandom(seed);
  const laws = Array.from({ length: SAMPLES }, () =>
    fitUsl(
      points.map(({ n }) => ({ n, x: throughput(law, n) * (1 + (residuals[Math.floor(random() * residuals.length)] ?? 0)) })),
      law,
    ),
  );
  return { g: interval(laws.map(({ g }) => g)), a: interval(laws.map(({ a }) => a)), b: interval(laws.map(({ b }) => b)) };
}

function interval(values: readonly number[]): Interval {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}
