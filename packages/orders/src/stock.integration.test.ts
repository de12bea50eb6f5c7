import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cancel } from './transitions.ts';
import { setStock } from './stock.ts';
import { ACTOR, atOnce, openSharedShop, type Shop, tally, valuesOf } from './testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openSharedShop(inject('stores'));
});
afterAll(() => shop?.close());

const bucketsOf = async (sku: string) =>
  (await shop.rows<{ available: number }>('SELECT available FROM stock WHERE sku = $1 ORDER BY bucket', [sku])).map(
    ({ available }) => available,
  );

describe('a hot SKU', () => {
  it.each([1, 8])('sells what there is and no more, in %i buckets', async (buckets) => {
    const sku = await shop.addVariant({ available: 50, buckets });
    const buyers = valuesOf(await atOnce(200, () => shop.addUser()));
    const results = await atOnce(200, (index) => shop.place({ userId: buyers[index] ?? '', items: [{ sku, quantity: 1 }] }));
    expect(tally(results)).toEqual({ ok: 50, OUT_OF_STOCK: 150 });
    expect([await shop.stock(sku), await shop.ordersOf(sku)]).toEqual([0, 50]);
  });

  it('fills an order from several buckets, and is sold out only when all of them are', async () => {
    const sku = await shop.addVariant({ available: 10, buckets: 8 });
    const userId = await shop.addUser();
    expect(tally(await atOnce(1, () => shop.place({ userId, items: [{ sku, quantity: 11 }] })))).toEqual({ OUT_OF_STOCK: 1 });
    await shop.place({ userId, items: [{ sku, quantity: 9 }] });
    await shop.place({ userId, items: [{ sku, quantity: 1 }] });
    expect(tally(await atOnce(1, () => shop.place({ userId, items: [{ sku, quantity: 1 }] })))).toEqual({ OUT_OF_STOCK: 1 });
    expect(await shop.stock(sku)).toBe(0);
  });

  it('knows no deadlock: orders of several SKUs over several buckets, cancellations and counts at once', async () => {
    const skus = valuesOf(await atOnce(4, () => shop.addVariant({ available: 60, buckets: 4 })));
    const userId = await shop.addUser();
    let placed = 0;
    const results = await atOnce(240, async (index) => {
      const [a = '', b = '', c = ''] = skus.toSorted(() => Math.random() - 0.5);
      if (index % 40 === 39) return shop.transaction((tx) => setStock(tx, a, { available: 60, buckets: 1 + (index % 5) }));
      const items = [a, b, c].map((sku, at) => ({ sku, quantity: 1 + ((index + at) % 5) }));
      const order = await shop.place({ userId, items });
      placed += 1;
      if (index % 2 === 0) await shop.transaction((tx) => cancel(tx, { userId, orderId: order.id }, ACTOR));
      return undefined;
    });
    expect(Object.keys(tally(results)).filter((key) => key !== 'ok' && key !== 'OUT_OF_STOCK')).toEqual([]);
    expect(placed).toBeGreaterThan(20);
    for (const sku of skus) expect(await shop.stock(sku)).toBeGreaterThanOrEqual(0);
  });
});

describe('setStock', () => {
  it('spreads the count evenly, over more buckets and over fewer', async () => {
    const sku = await shop.addVariant({ available: 10, buckets: 4 });
    expect(await bucketsOf(sku)).toEqual([3, 3, 2, 2]);
    expect(await shop.transaction((tx) => setStock(tx, sku, { available: 7, buckets: 2 }))).toEqual({ before: 10, available: 7 });
    expect(await bucketsOf(sku)).toEqual([4, 3, 0, 0]);
    expect(await shop.transaction((tx) => setStock(tx, sku, { available: 5 }))).toEqual({ before: 7, available: 5 });
    expect(await bucketsOf(sku)).toEqual([3, 2, 0, 0]);
    expect(await shop.transaction((tx) => setStock(tx, sku, { buckets: 5 }))).toEqual({ before: 5, available: 5 });
    expect(await bucketsOf(sku)).toEqual([1, 1, 1, 1, 1]);
    expect(await shop.stock(sku)).toBe(5);
  });

  it('knows when there is no such SKU', async () => {
    expect(await shop.transaction((tx) => setStock(tx, 'NO-SUCH-SKU', { available: 1 }))).toBeUndefined();
  });
});

describe('the database itself', () => {
  it('refuses a count below zero', async () => {
    const sku = await shop.addVariant({ available: 1 });
    await expect(shop.rows('UPDATE stock SET available = available - 2 WHERE sku = $1', [sku])).rejects.toThrow('stock_available_check');
  });
});
