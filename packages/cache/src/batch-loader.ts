import type { Position } from '@tenfold/runtime';
import type { Loaded } from './collection.ts';
import { later } from './floors.ts';

/** Reads many at once. A key that has no value must have an answer too: a `Loaded` that says so. */
type LoadMany<T> = (keys: readonly string[], after: Position | undefined) => Promise<(key: string) => Loaded<T>>;

interface Waiting<T> {
  resolve: (loaded: Loaded<T>) => void;
  reject: (error: unknown) => void;
}

/**
 * Turns loads of one key each that begin in the same turn of the event loop into one load of all of them: a page whose
 * twenty products are in no tier costs one query.
 */
export function createBatchLoader<T>(loadMany: LoadMany<T>) {
  let batch = new Map<string, Waiting<T>[]>();
  let needed: Position | undefined;

  const run = async () => {
    const loading = batch;
    const after = needed;
    batch = new Map();
    needed = undefined;
    try {
      const answer = await loadMany([...loading.keys()], after);
      for (const [key, waiting] of loading) for (const { resolve } of waiting) resolve(answer(key));
    } catch (error) {
      for (const waiting of loading.values()) for (const { reject } of waiting) reject(error);
    }
  };

  return (key: string, after: Position | undefined): Promise<Loaded<T>> =>
    new Promise((resolve, reject) => {
      if (batch.size === 0) setImmediate(() => void run());
      batch.set(key, [...(batch.get(key) ?? []), { resolve, reject }]);
      needed = later(needed, after);
    });
}
