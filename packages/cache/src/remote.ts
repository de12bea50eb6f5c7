import { covers, type Position } from '@tenfold/runtime';
import type { Entry, Stored } from './entry.ts';

/**
 * The tier that all processes share, and the way by which they tell each other what changed.
 *
 * None of its methods throws or waits for long: a shared cache that is gone is a cache that is empty. It says so once
 * (`available`), not with a time-out a request.
 */
export interface Remote {
  readonly name: string;
  /** False while it can't be reached: nothing is read, stored or announced, and no announcement arrives. */
  readonly available: boolean;
  /** What is stored under each of the keys. */
  read(keys: readonly string[]): Promise<(Stored | undefined)[]>;
  /** Stores the entry unless what is there is newer. */
  write(key: string, entry: Entry): Promise<void>;
  /** Removes the keys, refuses older entries for `lifetime` ms, and tells all processes. @returns false when that failed. */
  invalidate(keys: readonly string[], position: Position, lifetime: number): Promise<boolean>;
  /** `invalidated` for each announcement, `returned` when it can be reached again after it could not. */
  listen(listener: Listener): void;
  close(): Promise<void>;
}

export interface Listener {
  invalidated(keys: readonly string[], position: Position): void;
  returned(): void;
}

/** For how long (milliseconds) an invalidation outlives itself. Fills that began before it must all have ended by then. */
export const FLOOR_LIFETIME = 10_000;

/** A shared tier in this process's memory, for tests and for a single process: what Redis does, without Redis. */
export function createMemoryRemote(): Remote & { lose(): void; restore(): void } {
  const stored = new Map<string, Stored>();
  const listeners: Listener[] = [];
  let available = true;
  return {
    name: 'memory',
    get available() {
      return available;
    },
    read: async (keys) => keys.map((key) => (available ? stored.get(key) : undefined)),
    async write(key, entry) {
      const current = stored.get(key);
      if (available && (!current || covers(entry.position, current.position))) stored.set(key, entry);
    },
    async invalidate(keys, position) {
      if (!available) return false;
      for (const key of keys) stored.set(key, { position });
      for (const listener of listeners) listener.invalidated(keys, position);
      return true;
    },
    listen: (listener) => void listeners.push(listener),
    lose() {
      available = false;
    },
    restore() {
      available = true;
      for (const listener of listeners) listener.returned();
    },
    close: async () => undefined,
  };
}
