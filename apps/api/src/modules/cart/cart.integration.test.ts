import { randomUUID } from 'node:crypto';
import { startTestStores } from '@tenfold/local/testing';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cartsOf, linesIn } from '../../testing/carts.ts';
import { until } from '../../testing/replica.ts';
import { openShop, type Shop } from '../../testing/shop.ts';
import { Cart } from './schemas.ts';

let shop: Shop;
let skus: string[];

beforeAll(async () => {
  shop = await openShop(inject('stores'));
  skus = (await Promise.all([1000, 2000, 3000].map((amount) => shop.product({ amount })))).map(({ sku }) => sku);
});
afterAll(() => shop?.close());

const [A, B, C] = [() => skus[0] ?? '', () => skus[1] ?? '', () => skus[2] ?? ''];
const { cartOf, put, newGuest } = cartsOf(() => shop);
const putAsGuest = (token: Record<string, string>, sku: string, quantity: number) =>
  shop.guest('PUT', `/v1/cart/items/${sku}`, { quantity }, token);

describe('a cart', () => {
  it('shows what is in it, at the prices of now', async () => {
    const user = await shop.account();
    const { id, sku } = await shop.product({ amount: 500, available: 7 });
    await put(user, A(), 2);
    const set = await put(user, sku, 3);
    expect([set.statusCode, set.json()]).toEqual([200, expect.objectContaining({ sku, quantity: 3, productId: id, available: 7 })]);
    await put(user, A(), 1);
    const cart = (await shop.ask(user, 'GET', '/v1/cart')).json();
    expect(Value.Errors(Cart, cart)).toEqual([]);
    expect(await cartOf(user)).toEqual([`${A()} x 1`, `${sku} x 3`]);
    expect(cart.total).toEqual({ amount: 2500, currency: 'EUR' });

    const changed = await shop.staff('PUT', `/v1/variants/${sku}/price`, { amount: 700, currency: 'EUR' });
    const token = { 'consistency-token': String(changed.headers['consistency-token']) };
    expect((await shop.ask(user, 'GET', '/v1/cart', undefined, token)).json().total.amount).toBe(3100);
    const archived = await shop.staff('POST', `/v1/products/${id}/archive`);
    const later = { 'consistency-token': String(archived.headers['consistency-token']) };
    const { items, total } = (await shop.ask(user, 'GET', '/v1/cart', undefined, later)).json();
    expect([items[1], total.amount]).toEqual([
      expect.objectContaining({ sku, productId: null, name: null, price: null, available: 0 }),
      1000,
    ]);
  });

  it('forgets single items, and all of them', async () => {
    const user = await shop.account();
    for (const sku of skus) await put(user, sku, 1);
    expect((await shop.ask(user, 'DELETE', `/v1/cart/items/${B()}`)).statusCode).toBe(204);
    expect(await cartOf(user)).toEqual([`${A()} x 1`, `${C()} x 1`]);
    expect((await shop.ask(user, 'DELETE', '/v1/cart')).statusCode).toBe(204);
    expect((await shop.ask(user, 'GET', '/v1/cart')).json()).toEqual({ items: [], total: null });
  });

  it('loses none of many changes at once over all replicas', async () => {
    const user = await shop.account();
    const many = (await Promise.all(Array.from({ length: 20 }, () => shop.product()))).map(({ sku }) => sku);
    await Promise.all(many.map((sku, index) => put(user, sku, index + 1)));
    expect((await cartOf(user)).toSorted()).toEqual(many.map((sku, index) => `${sku} x ${index + 1}`).toSorted());
  });

  it('lives for 30 days', async () => {
    const user = await shop.account();
    await put(user, A(), 1);
    expect(await shop.replicas[0]?.redisState.ttl(`tenfold:cart:user:${user}`)).toBeGreaterThan(30 * 86_400 - 60);
  });

  it.each([0, -1, 1.5, 100, 1e9, '2', null])('takes no quantity of %j', async (quantity) => {
    const answer = await put(await shop.account(), A(), quantity);
    expect(answer.json()).toMatchObject({ status: 400, errors: [{ field: 'quantity' }] });
  });

  it('takes no SKU that is not on sale', async () => {
    const user = await shop.account();
    expect((await put(user, 'NO-SUCH-SKU', 1)).json()).toMatchObject({ status: 404, code: 'sku_not_found', errors: [{ field: 'sku' }] });
    expect((await put(user, 'lower', 1)).json()).toMatchObject({ status: 400, errors: [{ field: 'sku' }] });
    expect(await cartOf(user)).toEqual([]);
  });

  it('holds 100 lines, however many come at once, and still lets those change', async () => {
    const user = await shop.account();
    const fields = Array.from({ length: 95 }, (_, index) => [`FILL-${index}`, `1:${index + 1}:${index + 1}`]).flat();
    await shop.replicas[0]?.redisState.hset(`tenfold:cart:user:${user}`, ...fields);
    const more = (await Promise.all(Array.from({ length: 12 }, () => shop.product()))).map(({ sku }) => sku);
    const answers = await Promise.all(more.map((sku) => put(user, sku, 1)));
    const refused = answers.filter(({ statusCode }) => statusCode !== 200).map((answer) => answer.json());
    expect(refused).toHaveLength(7);
    expect(refused[0]).toMatchObject({ status: 409, code: 'cart_full', errors: [{ field: 'sku', message: 'would be number 101' }] });
    const kept = more[answers.findIndex(({ statusCode }) => statusCode === 200)] ?? '';
    expect((await put(user, kept, 9)).statusCode).toBe(200);
  });
});

describe("a guest's cart", () => {
  it('is found by the token that came with its first item', async () => {
    const guest = await newGuest(A(), 2);
    expect((await putAsGuest(guest, B(), 1)).headers['cart-token']).toBeUndefined();
    expect(await linesIn(shop.guest('GET', '/v1/cart', undefined, guest))).toEqual([`${A()} x 2`, `${B()} x 1`]);
    expect((await shop.guest('GET', '/v1/cart')).json()).toEqual({ items: [], total: null });
  });

  it.each(['', 'x', 'A'.repeat(43)])('is not found by another token: %j', async (token) => {
    const answer = await shop.guest('GET', '/v1/cart', undefined, { 'cart-token': token });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_cart_token', errors: [{ field: 'Cart-Token' }] });
  });

  it('goes into the cart of the account at registration and at sign-in, and is gone then', async () => {
    const guest = await newGuest(A(), 2);
    const account = { email: `${randomUUID()}@example.com`, password: randomUUID() };
    const { user } = (await shop.guest('POST', '/v1/auth/register', account, guest)).json();
    expect(await cartOf(user.id)).toEqual([`${A()} x 2`]);
    await putAsGuest(guest, B(), 5);
    expect((await shop.guest('POST', '/v1/auth/login', account, guest)).statusCode).toBe(200);
    expect(await cartOf(user.id)).toEqual([`${A()} x 2`, `${B()} x 5`]);
    expect((await shop.guest('GET', '/v1/cart', undefined, guest)).json().items).toEqual([]);
  });

  it('goes into it with any signed-in look at the cart, once, and each item as it was set last', async () => {
    const user = await shop.account();
    await put(user, A(), 1);
    const guest = await newGuest(A(), 7);
    await putAsGuest(guest, B(), 2);
    await put(user, B(), 3);
    const looks = await Promise.all(Array.from({ length: 10 }, () => cartOf(user, guest)));
    expect(new Set(looks.map((look) => look.toSorted().join()))).toEqual(new Set([[`${A()} x 7`, `${B()} x 3`].toSorted().join()]));
  });

  it('brings along what there is room for, the newest first', async () => {
    const user = await shop.account();
    const fields = Array.from({ length: 99 }, (_, index) => [`FILL-${index}`, `1:${index + 1}:${index + 1}`]).flat();
    await shop.replicas[0]?.redisState.hset(`tenfold:cart:user:${user}`, ...fields);
    const guest = await newGuest(A(), 1);
    await putAsGuest(guest, B(), 1);
    const lines = await cartOf(user, guest);
    expect([lines.length, lines.at(-1)]).toEqual([100, `${B()} x 1`]);
  });
});

describe('without redis-state', () => {
  it('carts are a 503 that says when to come back, orders from a list go on, and full storage is told apart', async () => {
    const own = await startTestStores({ replicas: 1 });
    const alone = await openShop(own.facts, { replicas: 1 });
    try {
      const user = await alone.account();
      const { sku } = await alone.product();
      // Carts ask a database replica what is on sale, which may know of the product a moment later.
      await until('it is on sale', async () => (await alone.ask(user, 'PUT', `/v1/cart/items/${sku}`, { quantity: 2 })).statusCode === 200);
      const redis = alone.replicas[0]?.redisState;

      await redis?.config('SET', 'maxmemory', '1');
      const full = await alone.ask(user, 'PUT', `/v1/cart/items/${sku}`, { quantity: 3 });
      expect([full.json().code, full.statusCode, full.headers['retry-after']]).toEqual(['cart_storage_full', 503, '30']);
      expect((await alone.ask(user, 'GET', '/v1/cart')).json()).toMatchObject({ items: [{ sku, quantity: 2 }] });
      expect((await alone.order(user, { paymentMethod: 'pm_ok' })).statusCode).toBe(201);
      expect((await alone.ask(user, 'GET', '/v1/cart')).json().items).toEqual([]);
      await redis?.config('SET', 'maxmemory', '0');

      await redis?.client('PAUSE', 300);
      expect((await alone.ask(user, 'GET', '/v1/cart')).statusCode).toBe(200);

      await own.stop('redis-state');
      const item = { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' };
      const gone = [await alone.ask(user, 'GET', '/v1/cart'), await alone.order(user, { paymentMethod: 'pm_ok' })];
      for (const answer of gone) {
        expect([answer.json().code, answer.statusCode, answer.headers['retry-after']]).toEqual(['cart_unavailable', 503, '1']);
      }
      expect((await alone.order(user, item)).statusCode).toBe(201);
      const account = { email: `${randomUUID()}@example.com`, password: randomUUID() };
      expect((await alone.guest('POST', '/v1/auth/register', account)).statusCode).toBe(201);
      await own.start('redis-state');
      await until('carts work again', async () => (await alone.ask(user, 'GET', '/v1/cart')).statusCode === 200);
    } finally {
      await alone.close();
      await own.close();
    }
  });

  it('an order from a cart waits for it without a connection that others need, and a repeat has its answer all the same', async () => {
    const own = await startTestStores({ replicas: 1 });
    const alone = await openShop(own.facts, { replicas: 1, env: { DB_PRIMARY_POOL_SIZE: '1' } });
    try {
      const [user, { sku }] = [await alone.account(), await alone.product()];
      const fill = () => alone.ask(user, 'PUT', `/v1/cart/items/${sku}`, { quantity: 1 });
      await until('it is on sale', async () => (await fill()).statusCode === 200);
      const [cart, headers] = [{ paymentMethod: 'pm_ok' }, { 'idempotency-key': randomUUID() }];
      const made = await alone.order(user, cart, headers);
      expect(made.statusCode).toBe(201);

      own.signal('redis-state', 'SIGSTOP');
      const ended: string[] = [];
      const send = (what: string, ...request: Parameters<typeof alone.order>) =>
        alone.order(...request).finally(() => void ended.push(what));
      const [refused, fromList] = await Promise.all([
        send('cart', user, cart),
        send('list', user, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' }),
      ]);
      expect(ended).toEqual(['list', 'cart']);
      expect([fromList.statusCode, refused.json().code]).toEqual([201, 'cart_unavailable']);
      const again = await alone.order(user, cart, headers);
      expect([again.body, again.headers['idempotency-replayed']]).toEqual([made.body, 'true']);
    } finally {
      own.signal('redis-state', 'SIGCONT');
      await alone.close();
      await own.close();
    }
  });
});
