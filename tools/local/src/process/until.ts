import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError } from '@tenfold/cluster';
import { messageOf } from './message-of.ts';

interface UntilOptions {
  /** What is waited for, to complete the sentence "… within 30 s". */
  what: string;
  /** Milliseconds until it is given up. */
  within: number;
  /** Milliseconds between two looks. */
  every?: number;
  /** Ends the wait early: its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/**
 * Looks again and again until `check` gives something other than `false` or `undefined`, and returns that. A check that
 * throws counts as "not yet", and its message ends up in the sentence.
 *
 * @throws ClusterError when the time is over.
 */
export async function until<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  { what, within, every = 50, signal }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + within;
  let last = '';
  for (;;) {
    signal?.throwIfAborted();
    try {
      const found = await check();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = messageOf(error);
    }
    if (performance.now() >= deadline) throw new ClusterError(`${what} within ${within / 1000} s${last && ` (${last})`}.`);
    await wait(every, undefined, { signal }).catch(() => undefined);
  }
}
