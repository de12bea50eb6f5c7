import type { Logger } from '@tenfold/runtime';
import { Redis } from 'ioredis';

/** Milliseconds that a command of a producer may take. */
const COMMAND_TIMEOUT = 2000;

/** For who adds jobs and hints: a command fails at once while redis-state is away, and after 2 s when it hangs. */
export function createProducerRedis(url: string, name: string, logger: Logger): Redis {
  return connect(url, name, logger, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: COMMAND_TIMEOUT });
}

/** For who takes jobs: commands wait until redis-state is back, since BullMQ's loops have nothing better to do. */
export function createConsumerRedis(url: string, name: string, logger: Logger): Redis {
  return connect(url, name, logger, { maxRetriesPerRequest: null });
}

interface Patience {
  enableOfflineQueue?: boolean;
  maxRetriesPerRequest: number | null;
  commandTimeout?: number;
}

function connect(url: string, name: string, logger: Logger, patience: Patience): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    connectTimeout: 1000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1000),
    ...patience,
  });
  let reported = false;
  redis.on('ready', () => {
    reported = false;
  });
  redis.on('error', (error: unknown) => {
    if (!reported) logger.warn({ err: error, redis: name }, 'redis-state is not reachable');
    reported = true;
  });
  return redis;
}
