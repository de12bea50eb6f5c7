import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cartsOf } from '../../testing/carts.ts';
import { until } from '../../testing/replica.ts';
import { openShop, type Shop } from '../../testing/shop.ts';

let shop: Shop;
let skus: string[];

beforeAll(async () => {
  shop = await openShop(inject('stores'));
  skus = (await Promise.all([1000, 2000, 3000].map((amount) => shop.product({ amount })))).map(({ sku }) => sku);
});
afterAll(() => shop?.close());

const [A, B, C] = [() => skus[0] ?? '', () => skus[1] ?? '', () => skus[2] ?? ''];
const { cartOf, put, newGuest, notEmptied } = cartsOf(() => shop);

/** Lets all who order a SKU wait. */
async function holdStock(sku: string) {
  const [locked, released] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()];
  const holding = shop.primary.transaction(async (tx) => {
    await tx.query('SELECT 1 FROM stock WHERE sku = $1 FOR UPDATE', [sku]);
    const [self] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    locked.resolve(self?.pid ?? 0);
    await released.promise;
  });
  const pid = await locked.promise;
  return {
    /** Until so many wait for it, or for one who does. */
    waitFor: (count: number) => until(`${count} wait`, async () => (await shop.primary.query(WAITING, [pid])).length === count),
    release: () => {
      released.resolve();
      return holding;
    },
  };
}

const WAITING = `
  WITH RECURSIVE waiting AS (
    SELECT $1::integer AS pid
    UNION
    SELECT a.pid FROM pg_stat_activity a JOIN waiting w ON w.pid = ANY(pg_blocking_pids(a.pid))
  )
  SELECT pid FROM waiting WHERE pid <> $1`;

describe('an order without items', () => {
  const order = (user: string, headers = { 'idempotency-key': randomUUID() }) => shop.order(user, { paymentMethod: 'pm_ok' }, headers);

  it('takes what is in the cart, and out of it what it took', async () => {
    const user = await shop.account();
    await put(user, A(), 2);
    await put(user, B(), 1);
    const headers = { 'idempotency-key': randomUUID() };
    const made = await order(user, headers);
    expect(made.json()).toMatchObject({ state: 'pending', total: { amount: 4000 }, items: [{ sku: A(), quantity: 2 }, { sku: B() }] });
    expect(await cartOf(user)).toEqual([]);
    await put(user, C(), 1);
    const again = await order(user, headers);
    expect([again.body, again.headers['idempotency-replayed']]).toEqual([made.body, 'true']);
    expect(await cartOf(user)).toEqual([`${C()} x 1`]);
  });

  it('empties the cart at the repeat, where the first replica had no time for it', async () => {
    const user = await shop.account();
    await put(user, A(), 2);
    const headers = { 'idempotency-key': randomUUID() };
    await notEmptied(user, () => order(user, headers));
    await put(user, B(), 1);
    expect((await order(user, headers)).headers['idempotency-replayed']).toBe('true');
    expect(await cartOf(user)).toEqual([`${B()} x 1`]);
  });

  it('takes a guest’s cart along', async () => {
    const user = await shop.account();
    const guest = await newGuest(A(), 1);
    const made = await order(user, { 'idempotency-key': randomUUID(), ...guest });
    expect(made.json()).toMatchObject({ items: [{ sku: A(), quantity: 1 }] });
  });

  it('takes what a guest had put there before the last order, too', async () => {
    const user = await shop.account();
    const guest = await newGuest(A(), 1);
    await put(user, B(), 1);
    expect((await order(user)).statusCode).toBe(201);
    const made = await order(user, { 'idempotency-key': randomUUID(), ...guest });
    expect([made.statusCode, made.json().items]).toEqual([201, [expect.objectContaining({ sku: A() })]]);
  });

  it('takes nothing that was ordered before, where the cart could not be emptied, and empties it', async () => {
    const user = await shop.account();
    await put(user, A(), 2);
    await notEmptied(user, () => order(user));
    expect((await order(user)).json()).toMatchObject({ status: 409, code: 'cart_empty' });
    expect(await cartOf(user)).toEqual([]);
  });

  it.each([
    ['the second is refused', []],
    ['the second takes what was put there later', [B]],
  ])('takes a line once, when two look at the cart before one has emptied it: %s', async (_what, later) => {
    const user = await shop.account();
    const { sku } = await shop.product({ available: 10 });
    await until('it is on sale', async () => (await put(user, sku, 1)).statusCode === 200);
    const holder = await holdStock(sku);
    const first = order(user);
    await holder.waitFor(1);
    for (const other of later) await put(user, other(), 1);
    const second = order(user);
    await holder.waitFor(2);
    await holder.release();
    const answers = await Promise.all([first, second]);
    expect(answers.map((answer) => answer.json().items?.map(({ sku: ordered }: { sku: string }) => ordered) ?? answer.json().code)).toEqual(
      [[sku], later.length > 0 ? later.map((other) => other()) : 'cart_empty'],
    );
    expect([await shop.ordersOf(sku), await shop.stock(sku)]).toEqual([1, { count: 9, ledger: 9 }]);
    expect(await cartOf(user)).toEqual([]);
  });

  it('needs something in the cart', async () => {
    expect((await order(await shop.account())).json()).toMatchObject({ status: 409, code: 'cart_empty', errors: [{ field: 'items' }] });
  });
});
