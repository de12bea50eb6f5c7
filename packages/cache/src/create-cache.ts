import { Counter, Gauge, type Logger, type Position, type Registry } from '@tenfold/runtime';
import { type Collection, type CollectionOptions, createCollection } from './collection.ts';
import { createFloors } from './floors.ts';
import { createPendingInvalidations } from './pending-invalidations.ts';
import type { Remote } from './remote.ts';

export interface CacheOptions {
  remote: Remote;
  logger: Logger;
  metrics: Registry;
}

/**
 * Two tiers in front of a slow source: this process's memory, and one that all processes share.
 *
 * Entries know the log position at which they were read. That decides the two races that time alone can't: a fill that
 * began before a write and ends after it, and a reader who has just written.
 */
export interface Cache {
  collection<T>(options: CollectionOptions<T>): Collection<T>;
  /** Whether the shared tier is in reach. */
  readonly available: boolean;
  close(): Promise<void>;
}

export function createCache({ remote, logger, metrics }: CacheOptions): Cache {
  const floors = createFloors();
  const pending = createPendingInvalidations(remote);
  const forgetters: { prefix: string; forget: (fullKey: string, position: Position) => void }[] = [];
  const count = exportMetrics(remote, metrics);
  let suspectBefore = 0;

  const forget = (keys: readonly string[], position: Position) => {
    for (const key of keys) {
      floors.raise(key, position);
      for (const { prefix, forget: forgetOne } of forgetters) if (key.startsWith(prefix)) forgetOne(key, position);
    }
  };

  remote.listen({
    invalidated: forget,
    returned() {
      suspectBefore = Date.now();
      void pending.flush();
    },
  });

  const shared = {
    remote,
    floors,
    logger,
    count,
    suspectBefore: () => suspectBefore,
    onInvalidated: (prefix: string, forgetOne: (fullKey: string, position: Position) => void) =>
      void forgetters.push({ prefix, forget: forgetOne }),
    async invalidate(keys: readonly string[], position: Position, lifetime: number) {
      forget(keys, position);
      if (!(await remote.invalidate(keys, position, lifetime))) pending.add(keys, position, lifetime);
    },
  };

  return {
    collection: (options) => createCollection(options, shared),
    get available() {
      return remote.available;
    },
    close: () => remote.close(),
  };
}

function exportMetrics(remote: Remote, metrics: Registry) {
  const registers = [metrics];
  const reads = new Counter({ name: 'cache_reads_total', help: 'Reads by the tier that answered', labelNames: ['tier'], registers });
  new Gauge({
    name: 'cache_remote_up',
    help: '1 while the shared tier is in reach',
    registers,
    collect() {
      this.set(remote.available ? 1 : 0);
    },
  });
  const byTier = { l1: reads.labels('l1'), l2: reads.labels('l2'), origin: reads.labels('origin'), stale: reads.labels('stale') };
  return (tier: keyof typeof byTier) => byTier[tier].inc();
}
