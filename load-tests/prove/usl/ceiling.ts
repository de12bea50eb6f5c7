import type { Point } from './model.ts';

/** Each replica does `g`, until all together do `most`: something that they share is full. */
export interface Ceiling {
  g: number;
  most: number;
}

/** Requests a second of `n` replicas. */
export function below({ g, most }: Ceiling, n: number): number {
  return Math.min(g * n, most);
}

/**
 * The line and the ceiling with the least squares of differences. The law of usl/model.ts can't bend so sharply, and takes what is full
 * for coherency.
 *
 * @param points of two numbers of replicas at least.
 */
export function fitCeiling(points: readonly Point[]): Ceiling {
  const counts = [...new Set(points.map(({ n }) => n))].toSorted((one, other) => one - other);
  // The ceiling is reached after the first of them, or the second, …
  const fits = counts.slice(0, -1).map((last) => {
    const free = points.filter(({ n }) => n <= last);
    const full = points.filter(({ n }) => n > last);
    const g = sum(free.map(({ n, x }) => n * x)) / sum(free.map(({ n }) => n ** 2));
    return { g, most: sum(full.map(({ x }) => x)) / full.length };
  });
  const squares = (fit: Ceiling) => sum(points.map(({ n, x }) => (x - below(fit, n)) ** 2));
  const [best] = fits.toSorted((one, other) => squares(one) - squares(other));
  if (!best) throw new RangeError('a ceiling needs two numbers of replicas');
  return best;
}

/** What a model misses a number of replicas by at most, as a part of what they did in the mean. */
export function worstMiss(points: readonly Point[], model: (n: number) => number): number {
  const counts = [...new Set(points.map(({ n }) => n))];
  const misses = counts.map((count) => {
    const xs = points.filter(({ n }) => n === count).map(({ x }) => x);
    const mean = sum(xs) / xs.length;
    return Math.abs(model(count) - mean) / mean;
  });
  return Math.max(...misses);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
