import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Role, rotateKeys } from '@tenfold/auth';
import type { StoreFacts } from '@tenfold/local/testing';
import { createLogger, createMetrics, type LifecycleState } from '@tenfold/runtime';
import { afterAll } from 'vitest';
import { buildApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { openDeps } from '../deps.ts';

/** The environment of a replica in a test. */
export async function replicaEnv({ postgres, redis }: StoreFacts, name: string): Promise<Record<string, string>> {
  return {
    INSTANCE_NAME: name,
    DATABASE_URL: postgres.primary.apiUrl,
    DATABASE_REPLICA_URLS: postgres.replicas.map(({ apiUrl }) => apiUrl).join(),
    REDIS_CACHE_URL: redis.cache.url,
    REDIS_STATE_URL: redis.state.url,
    SIGNING_SECRET: 'signing-secret'.repeat(4),
    NODE_ENV: 'test',
    JWT_KEYS_DIR: await keysFolder(),
    DB_PRIMARY_POOL_SIZE: '2',
    DB_REPLICA_POOL_SIZE: '2',
    LOG_LEVEL: 'silent',
  };
}

/** A replica in this process, as `main.ts` makes one, with what a test may want to turn. */
export async function startReplica(stores: StoreFacts, name = 'api-1', env: Record<string, string> = {}) {
  const config = readConfig({ ...(await replicaEnv(stores, name)), ...env });
  const logger = createLogger({ name, level: config.LOG_LEVEL });
  const metrics = createMetrics({});
  const lifecycle: { state: LifecycleState } = { state: 'ready' };
  const deps = await openDeps(config, logger, metrics);
  const app = await buildApp({ ...deps, lifecycle, logger, metrics }, config);
  await deps.db.connect(60_000);
  await deps.auth.revocations.start();
  return {
    app,
    metrics,
    lifecycle,
    redisState: deps.redisState,
    redisCarts: deps.redisCarts,
    /** Headers of somebody signed in with this role, for as long as the test takes. */
    as: (role: Role, sub: string = randomUUID()) => ({
      authorization: `Bearer ${deps.auth.accessTokens.issue({ sub, sid: randomUUID(), role, ver: 1 })}`,
    }),
    get: (url: string, headers: Record<string, string> = {}) => app.inject({ method: 'GET', url, headers }),
    async close() {
      await app.close();
      await deps.close();
    },
  };
}
export type Replica = Awaited<ReturnType<typeof startReplica>>;

let keys: Promise<string> | undefined;
afterAll(async () => keys && rm(await keys, { recursive: true, force: true }));

/** One signing key for all replicas of a test file, however many ask for it at once. */
function keysFolder(): Promise<string> {
  keys ??= mkdtemp(join(tmpdir(), 'tenfold-keys-')).then(async (folder) => {
    await rotateKeys(folder, 600_000);
    return folder;
  });
  return keys;
}

/** The catalogue of 10,000 products, once for all test files that share the stores. */
export async function seed({ postgres }: StoreFacts) {
  const main = fileURLToPath(new URL('../../../../packages/db/src/seed/main.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [main], { env: { DATABASE_URL: postgres.primary.ownerUrl } });
}

/** Waits until a condition holds; fails with what it is when it doesn't in time (milliseconds). */
export async function until(what: string, condition: () => unknown, within = 30_000) {
  const deadline = performance.now() + within;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
