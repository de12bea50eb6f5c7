import { createCache, createRedisRemote, SHARED_COLLECTIONS } from '@tenfold/cache';
import { createProducerRedis } from '@tenfold/queue';
import { createLogger, createMetrics } from '@tenfold/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from './testing/processes.ts';
import { openShop, type Shop } from './testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.close());

it('what was sold out and comes back is forgotten by the caches of every API replica', async () => {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const redis = createProducerRedis(shop.stores.facts.redis.cache.url, 'test cache', logger);
  const cache = createCache({ remote: createRedisRemote(redis, 'tenfold:', logger), logger, metrics: createMetrics({}) });
  let reads = 0;
  const products = cache.collection<string>({
    name: SHARED_COLLECTIONS.products,
    async load() {
      reads += 1;
      const { position } = await shop.db.primary.transaction(async () => undefined);
      return { value: `read ${reads}`, position, source: 'test' };
    },
    maxBytes: 10_000,
    freshFor: 300_000,
    staleFor: 300_000,
  });
  await until('the cache is in reach', () => cache.available);
  await shop.db.primary.query('UPDATE stock SET available = 1'); // whoever buys it empties the shelf
  const order = await shop.placeOrder('pm_decline');
  const read = async () => (await products.read('test')).value;
  expect([await read(), await read()]).toEqual(['read 1', 'read 1']);
  const worker = await shop.openWorker();
  await until('the order has failed', async () => (await shop.stateOf(order)) === 'payment_failed');
  await until('the product is read anew', async () => (await read()) !== 'read 1', 30_000);
  await worker.close();
  await cache.close();
  redis.disconnect();
});
