import type { Logger } from '@tenfold/runtime';
import { Redis } from 'ioredis';

/** Milliseconds that a command may take: what losing Redis costs a request, until its tier is marked as lost. */
const COMMAND_TIMEOUT = 100;

/** The same for what has no way around Redis: to give up sooner than a busy machine answers would help nobody. */
export const PATIENT_TIMEOUT = 1000;

/**
 * A client whose commands fail at once while the server is away, and which goes on trying to reach it: whoever uses it
 * has an answer without Redis.
 */
export function createRedis(url: string, name: string, logger: Logger, commandTimeout = COMMAND_TIMEOUT): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    commandTimeout,
    connectTimeout: 1000,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1000),
  });
  let reported = false;
  redis.on('ready', () => {
    reported = false;
  });
  redis.on('error', (error: unknown) => {
    if (!reported) logger.warn({ err: error, redis: name }, 'redis is not reachable');
    reported = true;
  });
  return redis;
}
