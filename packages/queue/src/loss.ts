import type { Redis } from 'ioredis';

const KNOWN = 'tenfold:outbox:server';
const REPUBLISHED = 'tenfold:outbox:republished';

/** Milliseconds between two searches for events whose jobs got lost one by one, of all relays together. */
const REPUBLISH_INTERVAL = 10_000;

/**
 * Finds out that redis-state no longer holds what was put there: it is empty, or another process than before, which may
 * have lost the last second of its log. The mark is the process's own `run_id`, kept in redis-state itself.
 */
export function createLossDetector(redis: Redis) {
  let runId: string | undefined;
  redis.on('ready', () => {
    runId = undefined;
  });

  const ownRunId = async () => {
    runId ??= /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1];
    if (!runId) throw new Error('redis-state has no run_id');
    return runId;
  };

  return {
    async happened(): Promise<boolean> {
      return (await redis.get(KNOWN)) !== (await ownRunId());
    },
    /** Only now, that everything was made again: who dies before leaves it to the next. */
    async recovered(): Promise<void> {
      await redis.set(KNOWN, await ownRunId());
    },
    /** True for one relay at a time, every 10 s. */
    async mayRepublish(): Promise<boolean> {
      return (await redis.set(REPUBLISHED, 1, 'PX', REPUBLISH_INTERVAL, 'NX')) === 'OK';
    },
  };
}
