import { covers, type Position } from '@tenfold/runtime';
import { LRUCache } from 'lru-cache';
import type { Shared } from './collection.ts';
import type { Entry } from './entry.ts';
import { later } from './floors.ts';

/** An entry without its text: the value is all that is served from here. */
export interface Local<T> extends Omit<Entry, 'text'> {
  value: T;
  storedAt: number;
}

/** While no announcement can reach us, an entry is trusted for this long only (milliseconds). */
const ALONE_FRESH_FOR = 2000;

/** Bytes that an entry takes besides its key and its value: its position, its times and its place in the list (measured, Node 24). */
const OVERHEAD = 250;

interface LocalTierOptions {
  prefix: string;
  /** The key under which the whole collection is invalidated. */
  allKey: string;
  maxBytes: number;
}

/** The tier in this process's memory: the least recently used go first when it is full. */
export function createLocalTier<T>({ prefix, allKey, maxBytes }: LocalTierOptions, { remote, floors, ...shared }: Shared) {
  const entries = new LRUCache<string, Local<T>>({ maxSize: maxBytes });
  let floorOfAll: Position | undefined;

  /** The position below which an entry must not be kept or served. */
  const floor = (fullKey: string) => later(floors.of(fullKey), floorOfAll);

  shared.onInvalidated(prefix, (fullKey, position) => {
    if (fullKey === allKey) floorOfAll = later(floorOfAll, position);
    const entry = entries.get(fullKey);
    if (entry && !covers(entry.position, position)) entries.delete(fullKey);
  });

  return {
    get(fullKey: string): Local<T> | undefined {
      const entry = entries.get(fullKey);
      return entry && floorOfAll && !covers(entry.position, floorOfAll) ? undefined : entry;
    },
    isFresh: (entry: Local<T>, now: number) =>
      now < entry.freshUntil && entry.storedAt >= shared.suspectBefore() && (remote.available || now < entry.storedAt + ALONE_FRESH_FOR),
    floor,
    raiseFloor(position: Position | undefined) {
      floorOfAll = later(floorOfAll, position);
    },
    /** Keeps the entry, unless an invalidation that it doesn't include has come in the meantime. @returns whether it did. */
    keep(fullKey: string, { text, position, freshUntil, staleUntil }: Entry, value: T): boolean {
      const lowest = floor(fullKey);
      if (lowest && !covers(position, lowest)) return false;
      const size = bytesOf(fullKey, text);
      entries.set(fullKey, { value, position, freshUntil, staleUntil, storedAt: Date.now() }, { size });
      return true;
    },
  };
}

/** What an entry costs this process, about: two bytes for a character of any language or of JSON that became objects; Latin text alone takes half. */
function bytesOf(fullKey: string, text: string): number {
  return OVERHEAD + 2 * (fullKey.length + text.length);
}
