import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createDb, type Db, type Sql } from '@tenfold/db';
import type { StoreFacts } from '@tenfold/local/testing';
import { createLogger, createMetrics } from '@tenfold/runtime';
import { type Actor, createPricing, place, type PlaceOptions, type PlaceOrder, setStock } from '../index.ts';

export const ACTOR: Actor = { userId: null, requestId: 'test-request', replica: 'test' };

export const OPTIONS: PlaceOptions = { pricing: createPricing(), reservation: 15 * 60, actor: ACTOR };

/** As many connections as ten replicas have among them. */
const CONNECTIONS = 40;

interface NewVariant {
  available?: number;
  buckets?: number;
  amount?: number;
  currency?: string;
}

/** A database with buyers and things to buy, and what a test wants to know afterwards. */
export async function openShop(url: string) {
  const db = openDb(url);
  await db.connect(60_000);
  const rows = <Row extends object>(text: string, values: readonly unknown[]) => db.primary.query<Row>(text, values);
  const number = async (text: string, values: readonly unknown[]) => {
    const [row] = await rows<{ n: number }>(text, values);
    return row?.n ?? 0;
  };
  return {
    db,
    rows,
    transaction: async <T>(work: (tx: Sql) => Promise<T>) => (await db.primary.transaction(work)).value,
    async addUser(): Promise<string> {
      const [user] = await rows<{ id: string }>(`INSERT INTO users (email, password_hash) VALUES ($1, 'none') RETURNING user_id AS id`, [
        `${randomBytes(8).toString('hex')}@example.com`,
      ]);
      return user?.id ?? '';
    },
    /** @returns its SKU. */
    async addVariant({ available = 10, buckets = 1, amount = 1000, currency = 'EUR' }: NewVariant = {}): Promise<string> {
      const sku = `T-${randomBytes(6).toString('hex').toUpperCase()}`;
      await rows(
        `WITH p AS (INSERT INTO products (slug, name, description, price_amount) VALUES (lower($1), 'Test Lamp', 'For tests.', $2) RETURNING id)
         INSERT INTO variants (sku, product_id, name, price_amount, currency, position) SELECT $1, id, 'Small', $2, $3, 0 FROM p`,
        [sku, amount, currency],
      );
      await db.primary.transaction((tx) => setStock(tx, sku, { available, buckets }));
      return sku;
    },
    place: async (wanted: Pick<PlaceOrder, 'userId' | 'items'> & Partial<PlaceOrder>, options: Partial<PlaceOptions> = {}) => {
      const order: PlaceOrder = { provider: 'sandbox', paymentMethod: 'pm_ok', ...wanted };
      return (await db.primary.transaction((tx) => place(tx, order, { ...OPTIONS, ...options }))).value.order;
    },
    /** What can be bought, after checking by bucket that the ledger sums to it. */
    async stock(sku: string): Promise<number> {
      const buckets = await rows<{ bucket: number; available: number; ledger: number }>(
        `SELECT bucket, available, (SELECT coalesce(sum(delta), 0) FROM stock_ledger l WHERE l.sku = s.sku AND l.bucket = s.bucket) AS ledger
         FROM stock s WHERE sku = $1`,
        [sku],
      );
      for (const { bucket, available, ledger } of buckets) {
        if (available !== ledger) throw new Error(`${sku}, bucket ${bucket}: ${available} by count, ${ledger} by ledger`);
      }
      return buckets.reduce((sum, { available }) => sum + available, 0);
    },
    orderState: async (orderId: string) => {
      const [row] = await rows<{ order: string; payment: string }>(
        'SELECT o.state AS order, p.state AS payment FROM orders o JOIN payments p ON p.user_id = o.user_id AND p.order_id = o.id WHERE o.id = $1',
        [orderId],
      );
      return `${row?.order}/${row?.payment}`;
    },
    ordersOf: (sku: string) => number('SELECT count(*) AS n FROM order_items WHERE sku = $1', [sku]),
    /** Events and audit records of one order, in order. */
    events: async (orderId: string) =>
      (await rows<{ topic: string }>(`SELECT topic FROM outbox WHERE payload->>'orderId' = $1 ORDER BY id`, [orderId])).map(
        ({ topic }) => topic,
      ),
    audit: async (orderId: string) =>
      (await rows<{ action: string }>('SELECT action FROM audit_records WHERE subject = $1 ORDER BY id', [`order:${orderId}`])).map(
        ({ action }) => action,
      ),
    close: () => db.close(),
  };
}
export type Shop = Awaited<ReturnType<typeof openShop>>;

/** Runs the same thing many times at once. */
export function atOnce<T>(times: number, work: (index: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(Array.from({ length: times }, (_, index) => work(index)));
}

/** The values, after checking that everything went well. */
export function valuesOf<T>(results: readonly PromiseSettledResult<T>[]): T[] {
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** How many went well, and how many failed with which code. Without a code it is a bug, and thrown. */
export function tally(results: readonly PromiseSettledResult<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const result of results) {
    const key = result.status === 'fulfilled' ? 'ok' : codeOf(result.reason);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'Refusal' && 'code' in error) return String(error.code);
  throw error;
}

/** A shop in the stores of all test files, among the products of the catalogue: first, or it would find that there are some already. */
export async function openSharedShop({ postgres }: StoreFacts): Promise<Shop> {
  await seed(postgres.primary.ownerUrl);
  return openShop(postgres.primary.apiUrl);
}

async function seed(ownerUrl: string) {
  const main = fileURLToPath(new URL('../../../db/src/seed/main.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [main], { env: { DATABASE_URL: ownerUrl } });
}

function openDb(url: string): Db {
  const pool = {
    size: CONNECTIONS,
    maxLifetime: 1_800_000,
    waitTimeout: 30_000,
    statementTimeout: 20_000,
    lockTimeout: 20_000,
  };
  return createDb({
    servers: [{ name: 'postgres-primary', url }],
    applicationName: 'orders-test',
    pools: { primary: pool, replica: pool },
    budget: { apiMaxReplicas: 1, workers: 0, reserve: 8 },
    pollInterval: 250,
    maxLag: 1000,
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createMetrics({}),
  });
}
