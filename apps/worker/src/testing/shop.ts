import { hkdfSync } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDb, type Db } from '@tenfold/db';
import { startTestStores, type StoreFacts, type TestStores } from '@tenfold/local/testing';
import { createOutboxHint, createProducerRedis } from '@tenfold/queue';
import { createLogger, createMetrics } from '@tenfold/runtime';
import { type Config, readConfig } from '../config.ts';
import { closeDeps, openDeps } from '../deps.ts';
import { startWorker } from '../worker.ts';
import { ordersOf, SKU, STOCK } from './orders.ts';
import { answers, freePort, startProcess, type TestProcess } from './processes.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const logger = createLogger({ name: 'test', level: 'silent' });
const POOL = {
  size: 20,
  maxLifetime: 1_800_000,
  waitTimeout: 20_000,
  statementTimeout: 20_000,
  lockTimeout: 20_000,
};
const SIGNING_SECRET = 'a secret of more than thirty-two characters';
const WEBHOOK_SECRET = 'the webhook secret of a test';

/** How a charge ended, as the sandbox tells. */
interface SandboxCharge {
  key: string;
  state: string;
  reference: string;
  captures: number;
  refunds: number;
}

/**
 * A shop without its API: stores, a payment sandbox, and workers as a test wants them. Leases are short, so that what a
 * dead worker held is soon another's.
 *
 * @param slowDelay milliseconds that the sandbox takes for `pm_slow`.
 */
export async function openShop({ slowDelay = 1500 } = {}) {
  const stores: TestStores = await startTestStores({ replicas: 0 });
  const folder = await mkdtemp(join(tmpdir(), 'tenfold-shop-'));
  const mail = join(folder, 'mail');
  const db = await connect(stores.facts.postgres.primary.ownerUrl);
  const redis = createProducerRedis(stores.facts.redis.state.url, 'shop', logger);
  const hint = createOutboxHint(redis);
  await seed(db);
  const sandbox = await openSandbox(join(folder, 'sandbox'), slowDelay);

  return {
    stores,
    db,
    redis,
    mailFolder: mail,
    mailTokenKey: Buffer.from(hkdfSync('sha256', SIGNING_SECRET, '', 'mail-token', 32)),
    ...sandbox,
    ...workersOf(stores.facts, { MAIL_DIR: mail, PAYMENT_SANDBOX_URL: sandbox.url }),
    hint,
    ...ordersOf(db, hint),
    async receipts(): Promise<string[]> {
      const files = await readdir(mail).catch(() => []);
      return files.filter((file) => file.endsWith('.receipt.eml'));
    },
    /** Forgets all orders, so that a round starts from nothing. */
    async clear() {
      await db.primary.query('TRUNCATE orders, outbox, dead_letters, mail_tokens, stock_ledger CASCADE');
      await db.primary.query('UPDATE stock SET available = $1', [STOCK]);
      await db.primary.query(`INSERT INTO stock_ledger (sku, bucket, delta, reason) VALUES ($1, 0, $2, 'counted')`, [SKU, STOCK]);
      await rm(mail, { recursive: true, force: true });
    },
    async close() {
      await sandbox.stopSandbox();
      redis.disconnect();
      await db.close();
      await stores.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
export type Shop = Awaited<ReturnType<typeof openShop>>;

/** The payment sandbox as a process. */
async function openSandbox(folder: string, slowDelay: number) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = async (): Promise<TestProcess> => {
    const sandbox = startProcess(here('../../../payment-sandbox/src/main.ts'), {
      PORT: String(port),
      DATA_DIR: folder,
      WEBHOOK_SECRET,
      ANSWER_DELAY: '10',
      SLOW_DELAY: String(slowDelay),
      LOG_LEVEL: 'warn',
    });
    await answers(`${url}/health`, sandbox);
    return sandbox;
  };
  let sandbox: TestProcess | undefined = await start();
  return {
    url,
    async stopSandbox() {
      sandbox?.kill('SIGKILL');
      await sandbox?.exited;
      sandbox = undefined;
    },
    async startSandbox() {
      sandbox ??= await start();
    },
    async charges(): Promise<SandboxCharge[]> {
      const response = await fetch(`${url}/charges`);
      const body: { items: SandboxCharge[] } = JSON.parse(await response.text());
      return body.items;
    },
  };
}

function workersOf({ postgres, redis }: StoreFacts, settings: Readonly<Record<string, string>>) {
  const env = async () => ({
    INSTANCE_NAME: 'worker-test',
    PORT: String(await freePort()),
    METRICS_PORT: String(await freePort()),
    LOG_LEVEL: 'warn',
    DATABASE_URL: postgres.primary.apiUrl,
    REDIS_STATE_URL: redis.state.url,
    REDIS_CACHE_URL: redis.cache.url,
    SIGNING_SECRET,
    PAYMENT_TIMEOUT: '1',
    RELAY_LEASE: '0.4',
    JOB_LOCK: '0.6',
    EXPIRY_INTERVAL: '0.2',
    EXPIRY_LEASE: '0.5',
    MAIL_LEASE: '0.5',
    ...settings,
  });
  return {
    /** A worker as a process. */
    async startWorkerProcess(name: string, overrides: Readonly<Record<string, string>> = {}) {
      const variables = await env();
      const worker = startProcess(here('../main.ts'), { ...variables, ...overrides, INSTANCE_NAME: name });
      await answers(`http://127.0.0.1:${variables.PORT}/ready`, worker);
      return { ...worker, metrics: `http://127.0.0.1:${variables.METRICS_PORT}/metrics` };
    },

    /** A worker that is killed when it comes to a point of its work. Resolves once it is dead. */
    async runDyingWorker(point: string) {
      const worker = startProcess(here('dying-worker.ts'), await env(), [point]);
      const { signal } = await worker.exited;
      if (signal !== 'SIGKILL') throw new Error(`the worker did not come to ${point}: ${worker.output()}`);
    },

    /** A worker in this process, until `close`. */
    async openWorker(overrides: Partial<Config> = {}) {
      const config = { ...readConfig(await env()), ...overrides };
      const deps = openDeps(config, logger, createMetrics({}));
      await deps.db.connect(60_000);
      const worker = startWorker(deps, config);
      return {
        async close() {
          await worker.close();
          await closeDeps(deps);
        },
      };
    },
  };
}

async function connect(url: string): Promise<Db> {
  const db = createDb({
    servers: [{ name: 'postgres-primary', url }],
    applicationName: 'shop',
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

async function seed(db: Db) {
  await db.primary.transaction(async (tx) => {
    const [product] = await tx.query<{ id: string }>(
      `INSERT INTO products (slug, name, description, price_amount) VALUES ('test', 'Test', '', 1000) RETURNING id`,
    );
    await tx.query(
      `INSERT INTO variants (sku, product_id, name, price_amount, currency, position) VALUES ($1, $2, 'One', 1000, 'EUR', 0)`,
      [SKU, product?.id],
    );
    await tx.query('INSERT INTO stock (sku, available) VALUES ($1, $2)', [SKU, STOCK]);
    await tx.query(`INSERT INTO stock_ledger (sku, bucket, delta, reason) VALUES ($1, 0, $2, 'counted')`, [SKU, STOCK]);
  });
}
