import { covers, type Logger, type Position } from '@tenfold/runtime';
import type { Entry, Stored } from './entry.ts';
import { type Floors, later } from './floors.ts';
import { cacheStatus } from './cache-status.ts';
import { createLocalTier, type Local } from './local-tier.ts';
import { FLOOR_LIFETIME, type Remote } from './remote.ts';

export interface Loaded<T> {
  value: T;
  /** The value includes everything that was committed up to here. */
  position: Position;
  /** Who answered: `postgres-replica-1`. */
  source: string;
}

export interface Cached<T> {
  value: T;
  /** The `Cache-Status` header (RFC 9211) that says which tier answered. */
  status: string;
}

export interface CollectionOptions<T> {
  /** First part of every key. Change it when the shape of the values changes: versions share the tier during a rolling update. */
  name: string;
  /** Reads the value from its source, at or past the given position. Runs once for all who wait for the same key. */
  load: (key: string, after: Position | undefined) => Promise<Loaded<T>>;
  /** Milliseconds for which an entry is served without asking, give or take 10%. */
  freshFor: number;
  /** Milliseconds after that for which it is served when loading a new one fails or takes long. */
  staleFor: number;
  /** Bytes of memory that this process gives to entries: two for each character of their JSON and keys, and some for each entry. */
  maxBytes: number;
}

/** Values of one kind, as JSON can carry them. */
export interface Collection<T> {
  /**
   * From this process, or the shared tier, or `load`.
   *
   * @param after only entries that include everything committed up to here will do.
   * @throws what `load` throws, unless an older entry may still be served.
   */
  read(key: string, after?: Position): Promise<Cached<T>>;
  /** What `read` would give at once: this process has it, fresh and new enough. */
  peek(key: string, after?: Position): Cached<T> | undefined;
  /** Forgets the keys everywhere; nothing read before `position` will be stored under them again. */
  invalidate(keys: readonly string[], position: Position): Promise<void>;
  /** The same for all keys of the collection, whatever they are. */
  invalidateAll(position: Position): Promise<void>;
  /** Keeps in this process alone what came along with something else. */
  keep(key: string, loaded: Loaded<T>): void;
}

/** What the collections of one cache share. */
export interface Shared {
  remote: Remote;
  floors: Floors;
  logger: Logger;
  count(tier: 'l1' | 'l2' | 'origin' | 'stale'): void;
  /** Entries stored before this moment may have missed an announcement. */
  suspectBefore(): number;
  invalidate(keys: readonly string[], position: Position, lifetime: number): Promise<void>;
  /** Has `forget` called for each key of this prefix that is invalidated anywhere. */
  onInvalidated(prefix: string, forget: (fullKey: string, position: Position) => void): void;
}

/** How long (milliseconds) a reader waits for a new value when there is an old one to give. */
const PATIENCE = 250;

export function createCollection<T>(options: CollectionOptions<T>, shared: Shared): Collection<T> {
  const { remote } = shared;
  const prefix = `${options.name}:`;
  /** No key of its own: where a position is kept that every entry of the collection must include. */
  const allKey = `${prefix}*`;
  const local = createLocalTier<T>({ prefix, allKey, maxBytes: options.maxBytes }, shared);
  const loading = new Map<string, { after: Position | undefined; result: Promise<Cached<T>> }>();

  const fill = async (fullKey: string, after: Position | undefined): Promise<Cached<T>> => {
    const [stored, all] = await remote.read([fullKey, allKey]);
    local.raiseFloor(all?.position);
    const removed = stored?.text === undefined ? stored?.position : undefined;
    const needed = later(later(after, removed), local.floor(fullKey));
    const shareable = isShareable(stored, needed) ? stored : undefined;
    if (shareable && shareable.freshUntil > Date.now()) {
      const value: T = JSON.parse(shareable.text);
      local.keep(fullKey, shareable, value);
      shared.count('l2');
      return { value, status: cacheStatus.l2 };
    }
    return loadAndKeep(fullKey, needed).catch((error: unknown) => {
      if (!shareable) throw error;
      warnStale(error, fullKey);
      return { value: JSON.parse(shareable.text), status: cacheStatus.stale };
    });
  };

  const loadAndKeep = async (fullKey: string, needed: Position | undefined): Promise<Cached<T>> => {
    const loaded = await options.load(fullKey.slice(prefix.length), needed);
    const entry = toEntry(loaded, options);
    if (local.keep(fullKey, entry, loaded.value)) void remote.write(fullKey, entry);
    shared.count('origin');
    return { value: loaded.value, status: cacheStatus.origin(loaded.source) };
  };

  /** One load at a time a key, except for a reader who needs a newer one than is being loaded. */
  const fillOnce = (fullKey: string, after: Position | undefined): Promise<Cached<T>> => {
    const current = loading.get(fullKey);
    if (current && (!after || (current.after && covers(current.after, after)))) return current.result;
    const result = fill(fullKey, after).finally(() => {
      if (loading.get(fullKey)?.result === result) loading.delete(fullKey);
    });
    loading.set(fullKey, { after, result });
    return result;
  };

  const fillOrStale = async (fullKey: string, entry: Local<T>, after: Position | undefined): Promise<Cached<T>> => {
    const filling = fillOnce(fullKey, after).catch((error: unknown) => warnStale(error, fullKey));
    const answer = await Promise.race([filling, patience()]);
    if (answer) return answer;
    return { value: entry.value, status: cacheStatus.stale };
  };

  const warnStale = (error: unknown, key: string) => {
    shared.count('stale');
    shared.logger.warn({ err: error, key }, 'a stale entry is served: loading a new one failed');
  };

  /** This process's entry, if it is new enough. */
  const here = (fullKey: string, after: Position | undefined) => {
    const entry = local.get(fullKey);
    return entry && (!after || covers(entry.position, after)) ? entry : undefined;
  };

  return {
    read(key, after) {
      const fullKey = prefix + key;
      const now = Date.now();
      const entry = here(fullKey, after);
      if (entry && local.isFresh(entry, now)) return Promise.resolve(hit(entry, shared));
      const needed = later(after, local.floor(fullKey));
      return entry && now < entry.staleUntil ? fillOrStale(fullKey, entry, needed) : fillOnce(fullKey, needed);
    },
    peek(key, after) {
      const entry = here(prefix + key, after);
      return entry && local.isFresh(entry, Date.now()) ? hit(entry, shared) : undefined;
    },
    invalidate(keys, position) {
      return shared.invalidate(
        keys.map((key) => prefix + key),
        position,
        FLOOR_LIFETIME,
      );
    },
    invalidateAll: (position) => shared.invalidate([allKey], position, options.freshFor * 1.1 + options.staleFor),
    keep: (key, loaded) => void local.keep(prefix + key, toEntry(loaded, options), loaded.value),
  };
}

function toEntry<T>({ value, position }: Loaded<T>, { freshFor, staleFor }: CollectionOptions<T>): Entry {
  const freshUntil = Date.now() + Math.round(freshFor * (0.9 + Math.random() * 0.2));
  return { text: JSON.stringify(value), position, freshUntil, staleUntil: freshUntil + staleFor };
}

function hit<T>({ value }: Local<T>, shared: Shared): Cached<T> {
  shared.count('l1');
  return { value, status: cacheStatus.l1 };
}

/** Whether the shared tier's entry may be served, fresh or as a last resort. */
function isShareable(stored: Stored | undefined, needed: Position | undefined): stored is Entry {
  return stored?.text !== undefined && stored.staleUntil > Date.now() && (!needed || covers(stored.position, needed));
}

function patience(): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE, undefined);
  });
}
