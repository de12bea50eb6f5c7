import type { Position } from '@tenfold/runtime';
import { later } from './floors.ts';
import type { Remote } from './remote.ts';

/** More keys than this are not remembered: by then entries have been trusted for two seconds at a time for a long while. */
const LIMIT = 10_000;

/** Invalidations that the shared tier has not heard of yet, kept until it is back. */
export function createPendingInvalidations(remote: Remote) {
  const waiting = new Map<string, { position: Position; lifetime: number }>();
  return {
    add(keys: readonly string[], position: Position, lifetime: number) {
      for (const key of keys) {
        const before = waiting.get(key);
        if (before || waiting.size < LIMIT) waiting.set(key, { position: later(before?.position, position) ?? position, lifetime });
      }
    },
    async flush() {
      for (const [key, { position, lifetime }] of waiting) {
        if (!(await remote.invalidate([key], position, lifetime))) return;
        if (waiting.get(key)?.position === position) waiting.delete(key);
      }
    },
  };
}
