import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openShop, type Shop } from '../../testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(inject('stores'), { replicas: 1, env: { WRITE_PATIENCE: '0.5' } });
});
afterAll(() => shop?.close());

it('an order is given up when it has waited for too long in all: nothing is done, and the key is as good as new', async () => {
  const [first, second] = await Promise.all([shop.product({ available: 5 }), shop.product({ available: 5 })]);
  const [slow = '', free = ''] = [first.sku, second.sku].toSorted();
  const [locked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = shop.primary.transaction(async (tx) => {
    await tx.query('SELECT 1 FROM stock WHERE sku = $1 FOR UPDATE', [slow]);
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const user = await shop.account();
  const body = { items: [slow, free].map((sku) => ({ sku, quantity: 1 })), paymentMethod: 'pm_ok' };
  const headers = { 'idempotency-key': randomUUID() };
  const sent = shop.order(user, body, headers);
  await wait(700); // shorter than it may wait for a lock
  release.resolve();
  await holding;
  const refused = await sent;
  expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([503, 'overloaded', '1']);
  expect(await shop.stock(slow)).toEqual({ count: 5, ledger: 5 });
  expect((await shop.order(user, body, headers)).statusCode).toBe(201);
  expect(await Promise.all([shop.stock(slow), shop.stock(free)])).toEqual([
    { count: 4, ledger: 4 },
    { count: 4, ledger: 4 },
  ]);
});
