import type { Run } from './run.ts';

/**
 * Where the search for `n` replicas begins, in requests a second: what the last run of the largest number that is not larger found for
 * each replica. What more of them did each may have been bound by something that they share.
 *
 * @param first of one replica, where nothing has been found yet.
 */
export function guessFor(n: number, runs: readonly Pick<Run, 'n' | 'capacity'>[], first: number): number {
  const found = runs.filter(({ capacity }) => capacity > 0);
  const counts = found.map((run) => run.n);
  const notLarger = counts.filter((count) => count <= n);
  const nearest = notLarger.length > 0 ? Math.max(...notLarger) : Math.min(...counts);
  const last = found.findLast((run) => run.n === nearest);
  return last ? (last.capacity / last.n) * n : first * n;
}
