import type { Progress } from '@tenfold/cluster';

/** Runs one change of the cluster at a time; the next one waits, and says so. */
export function createExclusive() {
  let last: Promise<unknown> = Promise.resolve();
  let current: string | undefined;
  return async <T>(what: string, progress: Progress, work: () => Promise<T>): Promise<T> => {
    if (current !== undefined) progress(`waiting for ${current}`);
    const turn = last.then(() => {
      current = what;
      return work();
    });
    last = turn.then(
      () => (current = undefined),
      () => (current = undefined),
    );
    return turn;
  };
}
