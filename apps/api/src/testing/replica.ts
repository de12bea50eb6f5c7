import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StoreFacts } from '@tenfold/local/testing';
import { createLogger, createMetrics, type LifecycleState } from '@tenfold/runtime';
import { buildApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { openDeps } from '../deps.ts';

export const STAFF = { authorization: `Bearer ${'staff-key'.repeat(4)}` };

/** A replica in this process, as `main.ts` makes one, with what a test may want to turn. */
export async function startReplica({ postgres, redis }: StoreFacts, name = 'api-1', env: Record<string, string> = {}) {
  const config = readConfig({
    INSTANCE_NAME: name,
    DATABASE_URL: postgres.primary.apiUrl,
    DATABASE_REPLICA_URLS: postgres.replicas.map(({ apiUrl }) => apiUrl).join(),
    REDIS_CACHE_URL: redis.cache.url,
    REDIS_STATE_URL: redis.state.url,
    SIGNING_SECRET: 'signing-secret'.repeat(4),
    STAFF_KEY: 'staff-key'.repeat(4),
    DB_PRIMARY_POOL_MAX: '2',
    DB_REPLICA_POOL_MAX: '2',
    LOG_LEVEL: 'silent',
    ...env,
  });
  const logger = createLogger({ name, level: config.LOG_LEVEL });
  const metrics = createMetrics({});
  const lifecycle: { state: LifecycleState } = { state: 'ready' };
  const deps = openDeps(config, logger, metrics);
  const app = await buildApp({ ...deps, lifecycle, logger, metrics }, config);
  await deps.db.connect(10_000);
  return {
    app,
    metrics,
    lifecycle,
    get: (url: string, headers: Record<string, string> = {}) => app.inject({ method: 'GET', url, headers }),
    async close() {
      await app.close();
      await deps.close();
    },
  };
}
export type Replica = Awaited<ReturnType<typeof startReplica>>;

/** The catalogue of 10,000 products, once for all test files that share the stores. */
export async function seed({ postgres }: StoreFacts) {
  const main = fileURLToPath(new URL('../../../../packages/db/src/seed/main.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [main], { env: { DATABASE_URL: postgres.primary.ownerUrl } });
}

/** Waits until a condition holds; fails with what it is when it doesn't in time (milliseconds). */
export async function until(what: string, condition: () => unknown, within = 5000) {
  const deadline = performance.now() + within;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
