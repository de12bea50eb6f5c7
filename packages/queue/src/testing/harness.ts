import { setTimeout as wait } from 'node:timers/promises';
import { createDb, type Db } from '@tenfold/db';
import { createLogger, createMetrics, type Logger } from '@tenfold/runtime';
import { createQueues } from '../queues.ts';
import { createConsumerRedis, createProducerRedis } from '../redis.ts';
import { type Relay, startRelay } from '../relay.ts';
import { createOutboxHint } from '../wake.ts';

const POOL = { size: 5, maxLifetime: 1_800_000, waitTimeout: 5000, statementTimeout: 5000, lockTimeout: 2000 };

export const logger: Logger = createLogger({ name: 'test', level: 'silent' });

/** A database client with room for a test. @param url of the primary, as the role of the API. */
export async function openDb(url: string): Promise<Db> {
  const db = createDb({
    servers: [{ name: 'postgres-primary', url }],
    applicationName: 'queue test',
    pools: { primary: POOL, replica: POOL },
    budget: { apiMaxReplicas: 1, workers: 0, reserve: 0 },
    pollInterval: 250,
    maxLag: 1000,
    logger,
    metrics: createMetrics({}),
  });
  await db.connect(60_000);
  return db;
}

/** What relays and consumers of a test share. */
export function openState(url: string) {
  const redis = createProducerRedis(url, 'test producer', logger);
  const consumerRedis = createConsumerRedis(url, 'test consumer', logger);
  redis.setMaxListeners(50); // several relays in one process are a test's alone
  const queues = createQueues(redis);
  return {
    redis,
    consumerRedis,
    queues,
    hint: createOutboxHint(redis),
    async close() {
      await queues.close();
      redis.disconnect();
      consumerRedis.disconnect();
    },
  };
}
export type State = ReturnType<typeof openState>;

/** A relay that is quick to take over what another left. */
export function startTestRelay(db: Db, { redis, queues }: State, overrides: Partial<Parameters<typeof startRelay>[0]> = {}): Relay {
  return startRelay({
    sql: db.primary,
    redis,
    queues,
    logger,
    metrics: createMetrics({}),
    lease: 300,
    republishAfter: 60_000,
    onStateLost: async () => undefined,
    ...overrides,
  });
}

/** Waits until a condition holds, and fails with what it is when it doesn't in time. */
export async function until(what: string, condition: () => unknown, within = 60_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await wait(10);
  }
}
