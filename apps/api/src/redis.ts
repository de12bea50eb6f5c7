import type { Logger } from '@tenfold/runtime';
import { Redis } from 'ioredis';

/** Milliseconds that a command may take: what losing Redis costs a request, until its tier is marked as lost. */
const COMMAND_TIMEOUT = 100;

/**
 * A client whose commands fail at once while the server is away, and which goes on trying to reach it: whoever uses it
 * has an answer without Redis.
 */
export function createRedis(url: string, name: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    commandTimeout: COMMAND_TIMEOUT,
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
