import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findOrder, listOrders } from './order.ts';
import { place } from './place.ts';
import type { WantedItem } from './price-items.ts';
import { OPTIONS, openSharedShop, type Shop } from './testing/shop.ts';

let shop: Shop;
let userId: string;
beforeAll(async () => {
  shop = await openSharedShop(inject('stores'));
  userId = await shop.addUser();
});
afterAll(() => shop?.close());

const refusal = (items: WantedItem[]) => shop.place({ userId, items }).catch((error: unknown) => error);
const one = (sku: string) => ({ sku, quantity: 1 });
const ADDRESS = { name: 'Ada', line1: 'Street 1', city: 'Berlin', postalCode: '10115', country: 'DE' };

describe('place', () => {
  it('writes the order as it was sold, its payment, its event and its audit record, and reads it back the same', async () => {
    const [a, b] = [await shop.addVariant({ amount: 1250 }), await shop.addVariant({ amount: 300 })];
    const wanted = {
      userId,
      items: [
        { sku: b, quantity: 2 },
        { sku: a, quantity: 1, expected: { amount: 1250, currency: 'EUR' } },
      ],
    };
    const order = await shop.place({ ...wanted, shippingAddress: ADDRESS });
    expect(order).toMatchObject({
      state: 'pending',
      itemsAmount: 1850,
      shippingAmount: 490,
      taxAmount: 374,
      totalAmount: 2340,
      currency: 'EUR',
    });
    expect(order.items.map(({ sku, unitAmount }) => [sku, unitAmount])).toEqual([
      [b, 300],
      [a, 1250],
    ]);
    expect(await findOrder(shop.db.primary, { userId, orderId: order.id })).toEqual(order);
    expect(await shop.events(order.id)).toEqual(['order.placed']);
    expect(await shop.audit(order.id)).toEqual(['order.placed']);
    expect([await shop.stock(a), await shop.stock(b)]).toEqual([9, 8]);
    expect(new Date(order.expiresAt).getTime() - new Date(order.createdAt).getTime()).toBe(15 * 60_000);
  });

  it('is not seen by another user', async () => {
    const order = await shop.place({ userId, items: [{ sku: await shop.addVariant(), quantity: 1 }] });
    const other = await shop.addUser();
    expect(await findOrder(shop.db.primary, { userId: other, orderId: order.id })).toBeUndefined();
    expect(await listOrders(shop.db.primary, other, { limit: 10 })).toEqual([]);
  });

  it('leaves the transaction as it was when it refuses, so that something else can commit', async () => {
    const [plenty, scarce] = [await shop.addVariant(), await shop.addVariant({ available: 2 })];
    const kept = await shop.transaction(async (tx) => {
      await tx.query(`UPDATE users SET name = 'kept' WHERE user_id = $1`, [userId]);
      const wanted = {
        userId,
        items: [
          { sku: plenty, quantity: 1 },
          { sku: scarce, quantity: 3 },
        ],
        provider: 'sandbox',
        paymentMethod: 'pm_ok',
      } as const;
      return place(tx, wanted, OPTIONS).catch((error: unknown) => error);
    });
    expect(kept).toMatchObject({ code: 'OUT_OF_STOCK', statusCode: 409, fields: [{ field: 'items.1.quantity' }] });
    expect(await shop.rows('SELECT name FROM users WHERE user_id = $1', [userId])).toEqual([{ name: 'kept' }]);
    expect([await shop.stock(plenty), await shop.stock(scarce)]).toEqual([10, 2]);
  });

  it('gives back what it had taken when a later SKU is bought away under it', async () => {
    const [first = '', last = ''] = [await shop.addVariant(), await shop.addVariant({ available: 1 })].toSorted();
    const [scarce, plenty] = (await shop.stock(last)) === 1 ? [last, first] : [first, last];
    const wanted = {
      userId,
      items: [
        { sku: plenty, quantity: 1 },
        { sku: scarce, quantity: 1 },
      ],
      provider: 'sandbox',
      paymentMethod: 'pm_ok',
    } as const;
    const refused = await shop.transaction((tx) =>
      // Between the look at what there is and the taking, somebody else buys the last one.
      place(tx, wanted, { ...OPTIONS, alongside: () => buyOnce(scarce) }).catch((error: unknown) => error),
    );
    expect(refused).toMatchObject({ code: 'OUT_OF_STOCK' });
    expect([await shop.stock(plenty), await shop.stock(scarce)]).toEqual([10, 0]);
    expect(await shop.ordersOf(plenty)).toBe(0);
  });

  it('names what cannot be bought', async () => {
    const [euro, dollar, dear] = [
      await shop.addVariant(),
      await shop.addVariant({ currency: 'USD' }),
      await shop.addVariant({ amount: 2_000_000_000, available: 99 }),
    ];
    const archived = await shop.addVariant();
    await shop.rows('UPDATE products SET archived_at = now() WHERE slug = lower($1)', [archived]);
    expect(await refusal([one(euro), one('NO-SUCH-SKU')])).toMatchObject({ code: 'SKU_NOT_FOUND', fields: [{ field: 'items.1.sku' }] });
    expect(await refusal([one(archived)])).toMatchObject({ code: 'SKU_ARCHIVED', fields: [{ field: 'items.0.sku' }] });
    expect(await refusal([one(euro), one(dollar)])).toMatchObject({ code: 'MIXED_CURRENCIES', fields: [{ field: 'items' }] });
    expect(await refusal([{ sku: dear, quantity: 99 }])).toMatchObject({ code: 'AMOUNT_TOO_LARGE', fields: [{ field: 'items' }] });
    for (const sku of [euro, dollar, archived]) expect(await shop.stock(sku)).toBe(10);
  });

  it('shows both prices of everything that costs something else than expected', async () => {
    const [a, b] = [await shop.addVariant({ amount: 1399 }), await shop.addVariant({ amount: 500 })];
    const refused = await refusal([
      { sku: a, quantity: 1, expected: { amount: 1299 } },
      { sku: b, quantity: 1, expected: { amount: 500, currency: 'USD' } },
    ]);
    expect(refused).toMatchObject({
      code: 'PRICE_CHANGED',
      statusCode: 409,
      fields: [
        { field: 'items.0.expectedUnitPrice', message: 'is 1299 EUR, but the price is 1399 EUR' },
        { field: 'items.1.expectedUnitPrice', message: 'is 500 USD, but the price is 500 EUR' },
      ],
    });
  });
});

const bought = new Set<string>();
async function buyOnce(sku: string) {
  if (bought.has(sku)) return;
  bought.add(sku);
  await shop.place({ userId: await shop.addUser(), items: [{ sku, quantity: 1 }] });
}
