import type { TestStores } from '@tenfold/local/testing';
import { createLogger, createMetrics } from '@tenfold/runtime';
import { createDb, type Db, type DbOptions } from '../create-db.ts';

/** Impatient, so that tests of what is late are short. */
export const POOL = { size: 5, maxLifetime: 1_800_000, waitTimeout: 1000, statementTimeout: 1000, lockTimeout: 1000 };

/** The API's view of the stores, which says nothing and notices soon. Not connected yet. */
export function openDb({ facts: { postgres } }: Pick<TestStores, 'facts'>, overrides: Partial<DbOptions> = {}): Db {
  return createDb({
    servers: [postgres.primary, ...postgres.replicas].map(({ name, apiUrl }) => ({ name, url: apiUrl })),
    applicationName: 'test',
    pools: { primary: POOL, replica: POOL },
    budget: { apiMaxReplicas: 3, workers: 10, reserve: 8 },
    pollInterval: 100,
    maxLag: 1000,
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createMetrics({}),
    ...overrides,
  });
}
