import { hkdfSync } from 'node:crypto';
import {
  createAccessTokens,
  createPasswords,
  createRedisRevocationStream,
  createRefreshTokens,
  createRevocations,
  createSessions,
  openKeyRing,
} from '@tenfold/auth';
import { createCache, createRedisRemote } from '@tenfold/cache';
import { createDb, type Db } from '@tenfold/db';
import type { Logger, Registry } from '@tenfold/runtime';
import type { Redis } from 'ioredis';
import type { Config } from './config.ts';
import { createRedis, PATIENT_TIMEOUT } from './redis.ts';

/** Clients of all that a replica depends on, none of them connected yet: that one of them is down must not keep it from starting. */
export async function openDeps(config: Config, logger: Logger, metrics: Registry) {
  const redisCache = createRedis(config.REDIS_CACHE_URL, `${config.INSTANCE_NAME} cache`, logger);
  const redisState = createRedis(config.REDIS_STATE_URL, `${config.INSTANCE_NAME} state`, logger);
  const redisCarts = createRedis(config.REDIS_STATE_URL, `${config.INSTANCE_NAME} carts`, logger, PATIENT_TIMEOUT);
  const db = openDb(config, logger, metrics);
  const auth = await openAuth(config, db, redisState, logger, metrics);
  return {
    db,
    auth,
    cache: createCache({ remote: createRedisRemote(redisCache, 'tenfold:', logger), logger, metrics }),
    redisState,
    redisCarts,
    /** What `app.close()` leaves open. */
    async close() {
      auth.keys.close();
      await auth.revocations.close();
      await auth.passwords.close();
      redisCache.disconnect();
      redisState.disconnect();
      redisCarts.disconnect();
    },
  };
}

/** @throws when there is no signing key. */
async function openAuth(config: Config, db: Db, redisState: Redis, logger: Logger, metrics: Registry) {
  const keys = await openKeyRing(config.JWT_KEYS_DIR, logger);
  const refreshTokens = createRefreshTokens(keyFor(config, 'refresh-token'));
  const tokenLifetime = config.ACCESS_TOKEN_LIFETIME;
  return {
    keys,
    refreshTokens,
    accessTokens: createAccessTokens({
      keys,
      issuer: config.JWT_ISSUER,
      audience: config.JWT_AUDIENCE,
      lifetime: tokenLifetime,
      cacheSize: config.JWT_CACHE_SIZE,
    }),
    sessions: createSessions({ db, tokens: refreshTokens, lifetime: config.SESSION_LIFETIME }),
    passwords: createPasswords({ maxQueue: config.PASSWORD_QUEUE }),
    revocations: createRevocations({ db, stream: createRedisRevocationStream(redisState, logger), tokenLifetime, logger, metrics }),
  };
}
export type Auth = Awaited<ReturnType<typeof openAuth>>;

/** One secret, and a key of its own for each purpose. @returns 32 bytes. */
export function keyFor({ SIGNING_SECRET }: Config, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', SIGNING_SECRET, '', purpose, 32));
}

function openDb(config: Config, logger: Logger, metrics: Registry) {
  const waits = {
    maxLifetime: config.DB_POOL_LIFETIME * 1000,
    waitTimeout: config.DB_POOL_WAIT * 1000,
    lockTimeout: config.DB_LOCK_TIMEOUT * 1000,
  };
  return createDb({
    servers: [
      { name: 'postgres-primary', url: config.DATABASE_URL },
      ...config.DATABASE_REPLICA_URLS.map((url, index) => ({ name: `postgres-replica-${index + 1}`, url, discover: true })),
    ],
    applicationName: config.INSTANCE_NAME,
    pools: {
      primary: {
        ...waits,
        size: config.DB_PRIMARY_POOL_SIZE,
        statementTimeout: config.DB_PRIMARY_STATEMENT_TIMEOUT * 1000,
      },
      replica: {
        ...waits,
        size: config.DB_REPLICA_POOL_SIZE,
        statementTimeout: config.DB_REPLICA_STATEMENT_TIMEOUT * 1000,
      },
    },
    budget: { apiMaxReplicas: config.API_MAX_REPLICAS, workers: config.WORKER_CONNECTIONS, reserve: config.DB_RESERVE },
    pollInterval: config.DB_POLL_INTERVAL * 1000,
    maxLag: config.DB_MAX_LAG * 1000,
    logger,
    metrics,
  });
}
