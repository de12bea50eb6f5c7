import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { until } from '../../../testing/replica.ts';
import { openShop, type Shop } from '../../../testing/shop.ts';
import { createStaffRepository } from './repository.ts';

let shop: Shop;
let id: string;
let sku: string;

beforeAll(async () => {
  shop = await openShop(inject('stores'), { replicas: 2 });
  await until('both reach redis-cache', () => shop.replicas.every(({ app }) => app.cache.available));
});
afterAll(() => shop?.close());
beforeEach(async () => {
  ({ id, sku } = await shop.product({ available: 10, amount: 1000 }));
  await until('both show it', async () => (await pages()).every(({ statusCode }) => statusCode === 200));
});

const pages = () => Promise.all(shop.replicas.map(({ get }) => get(`/v1/products/${id}`)));
const read = (headers: Record<string, string> = {}) => shop.staff('GET', `/v1/products/${id}`, undefined, headers);
const tag = async () => String((await read()).headers['etag']);
const change = (ifMatch: string) => shop.staff('PATCH', `/v1/products/${id}`, { name: 'Another Lamp' }, { 'if-match': ifMatch });

describe('If-Match of a PATCH', () => {
  it('names the product on a page from before a sale, with the tag as it was made or as the edge weakens it', async () => {
    const seen = await tag();
    const shippingAddress = { name: 'Ada Lovelace', line1: 'Unter den Linden 1', city: 'Berlin', postalCode: '10117', country: 'DE' };
    const items = [{ sku, quantity: 2, expectedUnitPrice: 1000 }];
    expect((await shop.order(await shop.account(), { items, paymentMethod: 'pm_ok', shippingAddress })).statusCode).toBe(201);
    const changed = await change(seen);
    expect([changed.statusCode, changed.json().variants?.[0].available]).toEqual([200, 8]);
    await shop.count(sku, 7);
    expect((await change(`W/${changed.headers['etag']}`)).statusCode).toBe(200);
  });

  it('does not name it after another edit, or another price', async () => {
    const made = await tag();
    const edited = String((await change(made)).headers['etag']);
    expect((await change(made)).json()).toMatchObject({ status: 412, errors: [{ field: 'If-Match' }] });
    await shop.staff('PUT', `/v1/variants/${sku}/price`, { amount: 900, currency: 'EUR' });
    expect((await change(edited)).statusCode).toBe(412);
  });

  it('tells edits of one millisecond apart', async () => {
    const { value: versions } = await shop.primary.transaction(async (tx) => {
      const products = createStaffRepository(tx); // its time is that of the transaction
      const version = async () => (await products.product(id))?.version;
      await products.update(id, { name: 'One' });
      const first = await version();
      await products.update(id, { name: 'Two' });
      const second = await version();
      await products.setPrice(sku, 900, 'EUR');
      return [first, second, await version()];
    });
    expect(new Set(versions).size).toBe(3);
  });

  it('is there to be read after a 412, where a replica died before it told the caches of an edit', async () => {
    const old = await tag();
    await shop.primary.query(`UPDATE products SET name = 'Edited', updated_at = now() WHERE id = $1`, [id]);
    expect([await tag(), (await change(old)).statusCode]).toEqual([old, 412]);
    await until('both show the edit', async () => (await pages()).every((page) => page.json().name === 'Edited'), 5000);
    expect((await change(await tag())).statusCode).toBe(200);
  });
});

describe('If-None-Match', () => {
  it('does not name a page that says how many there were', async () => {
    const seen = await tag();
    expect((await read({ 'if-none-match': seen })).statusCode).toBe(304);
    const counted = await shop.count(sku, 3);
    const again = await read({ 'if-none-match': seen, 'consistency-token': String(counted.headers['consistency-token']) });
    expect([again.statusCode, again.json().variants[0].available]).toEqual([200, 3]);
  });
});
