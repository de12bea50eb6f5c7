import { randomBytes, randomUUID } from 'node:crypto';
import type { StoreFacts } from '@tenfold/local/testing';
import { type Replica, seed, startReplica, until } from './replica.ts';

/** Patience, for tests that ask for more at once than a busy machine does in a second: what is too much is the edge's to refuse. */
const PATIENT = {
  RATE_LIMIT_SCALE: '10000',
  DB_PRIMARY_POOL_SIZE: '4',
  DB_POOL_WAIT: '20',
  DB_LOCK_TIMEOUT: '20',
  WRITE_PATIENCE: '30',
  DB_PRIMARY_STATEMENT_TIMEOUT: '20',
};

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Headers = Record<string, string>;

/** Several replicas in this process, with what a test needs to buy things: each request goes to any of them. */
export async function openShop(
  stores: StoreFacts,
  { replicas: count = 3, env = {} }: { replicas?: number; env?: Record<string, string> } = {},
) {
  await seed(stores);
  const names = Array.from({ length: count }, (_, index) => `api-${index + 1}`);
  const replicas = await Promise.all(names.map((name) => startReplica(stores, name, { ...PATIENT, ...env })));
  const [first] = replicas;
  if (!first) throw new Error('a shop needs a replica');
  await until('all replicas reach redis-state', () =>
    replicas.every(({ redisState, redisCarts }) => [redisState, redisCarts].every(({ status }) => status === 'ready')),
  );
  const { primary } = first.app.db;
  const send = (method: Method, url: string, headers: (replica: Replica) => Headers, payload?: object) => {
    const replica = replicas[Math.floor(Math.random() * replicas.length)] ?? first;
    return replica.app.inject({ method, url, headers: headers(replica), ...(payload && { payload }) });
  };
  const staff = (method: Method, url: string, payload?: object, headers: Headers = {}) =>
    send(method, url, (replica) => ({ ...replica.as('staff'), ...headers }), payload);

  return {
    replicas,
    primary,

    /** Headers of a user. */
    as: (userId: string) => first.as('customer', userId),

    /** @returns the account's id. */
    async account(): Promise<string> {
      const [user] = await primary.query<{ id: string }>(
        `INSERT INTO users (email, password_hash) VALUES ($1, 'none') RETURNING user_id AS id`,
        [`${randomUUID()}@example.com`],
      );
      return user?.id ?? '';
    },

    /** Puts a product with one variant on sale. @returns its id and SKU. */
    async product({ available = 10, amount = 1000, buckets = 1 } = {}): Promise<{ id: string; sku: string }> {
      const sku = `T-${randomBytes(6).toString('hex').toUpperCase()}`;
      const variant = { sku, name: 'Small', price: { amount, currency: 'EUR' }, available };
      const made = await staff('POST', '/v1/products', { name: `Test Lamp ${sku}`, variants: [variant] });
      if (made.statusCode !== 201) throw new Error(made.body);
      if (buckets > 1) await staff('PUT', `/v1/variants/${sku}/buckets`, { buckets });
      return { id: made.json().id, sku };
    },

    count: (sku: string, available: number) => staff('PUT', `/v1/variants/${sku}/stock`, { available }),

    order: (userId: string, payload: object, headers: Headers = { 'idempotency-key': randomUUID() }) =>
      send('POST', '/v1/orders', (replica) => ({ ...replica.as('customer', userId), ...headers }), payload),

    /** Any other request of a user's. */
    ask: (userId: string, method: Method, url: string, payload?: object, headers: Headers = {}) =>
      send(method, url, (replica) => ({ ...replica.as('customer', userId), ...headers }), payload),

    /** A request of somebody who isn't signed in. */
    guest: (method: Method, url: string, payload?: object, headers: Headers = {}) => send(method, url, () => headers, payload),

    staff,

    /** What can be bought by the count, and by the ledger. */
    async stock(sku: string): Promise<{ count: number; ledger: number }> {
      const [row] = await primary.query<{ count: number; ledger: number }>(
        `SELECT (SELECT sum(available) FROM stock WHERE sku = $1) AS count, (SELECT sum(delta) FROM stock_ledger WHERE sku = $1) AS ledger`,
        [sku],
      );
      return row ?? { count: NaN, ledger: NaN };
    },

    ordersOf: async (sku: string): Promise<number> => (await primary.query('SELECT 1 FROM order_items WHERE sku = $1', [sku])).length,

    close: () => Promise.all(replicas.map((replica) => replica.close())),
  };
}
export type Shop = Awaited<ReturnType<typeof openShop>>;
