import type { Logger } from '@tenfold/runtime';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';

/** How often something was done in the window that began with its first time. */
interface Count {
  current: number;
  /** Milliseconds until it begins anew. */
  ttl: number;
}

export interface RateLimitStore {
  /** @param window milliseconds. */
  add(key: string, window: number): Promise<Count>;
  /** Takes one back: it turned out not to be what is limited. Never throws. */
  giveBack(key: string): Promise<void>;
}

const PREFIX = 'tenfold:limit:';

/** One count for all replicas. The window's end is set with its first count, in one step: a count can't live for ever. */
export function createRedisRateLimits(redis: Redis): RateLimitStore {
  return {
    async add(key, window) {
      const name = PREFIX + key;
      const results = await redis.multi().set(name, 0, 'PX', window, 'NX').incr(name).pttl(name).exec();
      const [, counted, left] = results ?? [];
      if (!counted || counted[0] || !left) throw counted?.[0] ?? new Error('redis-state gave no count');
      return { current: Number(counted[1]), ttl: Number(left[1]) };
    },
    async giveBack(key) {
      const script = `if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end`;
      await redis.eval(script, 1, PREFIX + key);
    },
  };
}

/** Keys of which a replica counts on its own while Redis is gone; the least recent give way. */
const MAX_KEYS = 100_000;

/** The count of this process alone. */
export function createLocalRateLimits(): RateLimitStore {
  const counts = new LRUCache<string, { current: number }>({ max: MAX_KEYS });
  return {
    async add(key, window) {
      const known = counts.get(key);
      if (known) return { current: ++known.current, ttl: counts.getRemainingTTL(key) };
      counts.set(key, { current: 1 }, { ttl: window });
      return { current: 1, ttl: window };
    },
    async giveBack(key) {
      const known = counts.get(key);
      if (known) known.current -= 1;
    },
  };
}

/**
 * The shared count, and this replica's own while the shared one is out of reach: every replica then allows the whole limit,
 * so that an attacker gets at most limit x replicas. Failing open would give him everything, failing closed would lock all out.
 */
export function createRateLimitStore(shared: RateLimitStore, local: RateLimitStore, logger: Logger): RateLimitStore {
  let lost = false;
  const attempt = async <T>(work: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      if (lost) logger.info('rate limits are counted for all replicas again');
      lost = false;
      return result;
    } catch (error) {
      if (!lost) logger.warn({ err: error }, 'rate limits are counted by each replica alone: redis-state is not reachable');
      lost = true;
      return otherwise();
    }
  };
  return {
    add: (key, window) =>
      attempt(
        () => shared.add(key, window),
        () => local.add(key, window),
      ),
    giveBack: (key) =>
      attempt(
        () => shared.giveBack(key),
        () => local.giveBack(key),
      ),
  };
}
