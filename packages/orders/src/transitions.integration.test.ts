import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { leaseExpired } from './expiry.ts';
import type { Order } from './order.ts';
import { markPaymentCancelled, markPaymentUnknown, startCharge } from './payments.ts';
import { ACTOR, atOnce, openSharedShop, type Shop, valuesOf } from './testing/shop.ts';
import { cancel, expire, fulfil, markPaid, markPaymentFailed, markRefunded, requestRefund } from './transitions.ts';

const AT_ONCE = 12;
const ROUNDS = Array.from({ length: 8 }, (_, index) => index);

let shop: Shop;
let userId: string;
let sku: string;
beforeAll(async () => {
  shop = await openSharedShop(inject('stores'));
  userId = await shop.addUser();
  sku = await shop.addVariant({ available: 100_000, buckets: 3 });
});
afterAll(() => shop?.close());

const order = () => shop.place({ userId, items: [{ sku, quantity: 2 }] });
const overdue = async () => {
  const placed = await order();
  await shop.rows(`UPDATE orders SET expires_at = now() - interval '1 second' WHERE user_id = $1 AND id = $2`, [userId, placed.id]);
  return placed;
};
const ref = ({ id, paymentId }: Order) => ({ userId, orderId: id, paymentId });

/** Each makes one move of one order in a transaction of its own, and says whether it took place. */
const moves = {
  paid: (o: Order) => shop.transaction(async (tx) => (await markPaid(tx, ref(o), {}, ACTOR)) === 'paid'),
  failed: (o: Order) => shop.transaction(async (tx) => Boolean(await markPaymentFailed(tx, ref(o), 'no money', ACTOR))),
  cancelled: (o: Order) => shop.transaction(async (tx) => Boolean(await cancel(tx, ref(o), ACTOR))),
  expired: (o: Order) => shop.transaction(async (tx) => Boolean(await expire(tx, ref(o), ACTOR))),
  fulfilled: (o: Order) => shop.transaction((tx) => fulfil(tx, ref(o), ACTOR)),
  refundRequested: (o: Order) => shop.transaction((tx) => requestRefund(tx, ref(o), ACTOR)),
  refunded: (o: Order) => shop.transaction(async (tx) => Boolean(await markRefunded(tx, ref(o), ACTOR))),
};
type Move = keyof typeof moves;

const manyTimes = async (move: Move, o: Order) => valuesOf(await atOnce(AT_ONCE, () => moves[move](o))).filter(Boolean).length;
const after = async (...path: Move[]) => {
  const o = await order();
  for (const move of path) expect([move, await moves[move](o)]).toEqual([move, true]);
  return o;
};

describe('every move, asked for many times at once, takes place once', () => {
  it.each<[Move, Move[], string, string[], number]>([
    ['paid', [], 'paid/captured', ['order.paid'], 0],
    ['failed', [], 'payment_failed/declined', ['order.payment_failed'], 2],
    ['cancelled', [], 'cancelled/cancelled', ['order.cancelled'], 2],
    ['fulfilled', ['paid'], 'fulfilled/captured', ['order.fulfilled'], 0],
    ['refundRequested', ['paid'], 'paid/refunding', ['payment.refund'], 0],
    ['refunded', ['paid', 'refundRequested'], 'refunded/refunded', ['order.refunded'], 2],
    ['refunded', ['paid', 'fulfilled', 'refundRequested'], 'refunded/refunded', ['order.refunded'], 0],
  ])('%s after %j', async (move, path, state, events, returned) => {
    const o = await after(...path);
    const [stock, told, recorded] = [await shop.stock(sku), await shop.events(o.id), await shop.audit(o.id)];
    expect(await manyTimes(move, o)).toBe(1);
    expect(await shop.orderState(o.id)).toBe(state);
    expect(await shop.events(o.id)).toEqual([...told, ...events]);
    expect(await shop.audit(o.id)).toHaveLength(recorded.length + 1);
    expect((await shop.stock(sku)) - stock).toBe(returned);
  });

  it.each(['x'.repeat(1000), '\u0000\ud800 no\nmoney', `${'x'.repeat(199)}\u{1F4B8}`])(
    'failed, whatever the provider gives as the reason',
    async (reason) => {
      const o = await order();
      expect(await shop.transaction(async (tx) => markPaymentFailed(tx, ref(o), reason, ACTOR))).toBeDefined();
      expect(await shop.orderState(o.id)).toBe('payment_failed/declined');
    },
  );

  it('expired, and not before its time', async () => {
    const early = await order();
    expect(await moves.expired(early)).toBe(false);
    const o = await overdue();
    const stock = await shop.stock(sku);
    expect(await manyTimes('expired', o)).toBe(1);
    expect([await shop.orderState(o.id), await shop.stock(sku)]).toEqual(['expired/cancelled', stock + 2]);
    expect(await shop.events(o.id)).toEqual(['order.placed', 'order.expired']);
  });
});

describe('moves that exclude each other', () => {
  it.each(ROUNDS)('of paid, failed, cancelled and expired one takes place, and the stock agrees (round %i)', async () => {
    const o = await overdue();
    const stock = await shop.stock(sku);
    const names: Move[] = ['paid', 'failed', 'cancelled', 'expired'];
    const done = valuesOf(await atOnce(16, async (index) => ((await moves[names[index % 4] ?? 'paid'](o)) ? names[index % 4] : undefined)));
    const won = done.filter(Boolean);
    expect(won).toHaveLength(1);
    const [state] = (await shop.orderState(o.id)).split('/');
    expect(state).toBe(won[0] === 'failed' ? 'payment_failed' : won[0]);
    expect((await shop.stock(sku)) - stock).toBe(state === 'paid' ? 0 : 2);
  });

  it.each(ROUNDS)('an order whose refund is under way is not sent, and one that was sent can be refunded (round %i)', async () => {
    const o = await after('paid');
    const [sent, refunding] = await Promise.all([moves.fulfilled(o), moves.refundRequested(o)]);
    expect(refunding).toBe(true);
    expect(await shop.orderState(o.id)).toBe(sent ? 'fulfilled/refunding' : 'paid/refunding');
    expect(await moves.fulfilled(o)).toBe(false);
  });
});

describe('money that comes too late', () => {
  it.each<[string, () => Promise<Order>]>([
    ['cancelled', () => after('cancelled')],
    ['failed', () => after('failed')],
    [
      'expired',
      async () => {
        const o = await overdue();
        await moves.expired(o);
        return o;
      },
    ],
  ])('is given back once, for an order that was %s', async (_state, make) => {
    const o = await make();
    const [before] = (await shop.orderState(o.id)).split('/');
    const outcomes = valuesOf(await atOnce(AT_ONCE, () => shop.transaction((tx) => markPaid(tx, ref(o), { providerRef: 'late' }, ACTOR))));
    expect(outcomes.filter((outcome) => outcome === 'refunding')).toHaveLength(1);
    expect((await shop.events(o.id)).filter((topic) => topic === 'payment.refund')).toHaveLength(1);
    expect(await moves.refunded(o)).toBe(true);
    expect(await shop.orderState(o.id)).toBe(`${before}/refunded`);
  });
});

describe('a charge and the end of its order', () => {
  it('is not begun once the order is cancelled', async () => {
    const o = await after('cancelled');
    expect(await shop.transaction((tx) => startCharge(tx, ref(o)))).toBeUndefined();
    expect(await shop.events(o.id)).toEqual(['order.placed', 'order.cancelled']);
  });

  it('is called off when it was begun before', async () => {
    const o = await order();
    expect(await shop.transaction((tx) => startCharge(tx, ref(o)))).toMatchObject({
      paymentId: o.paymentId,
      amount: 2000,
      attempts: 1,
    });
    await moves.cancelled(o);
    expect(await shop.events(o.id)).toEqual(['order.placed', 'payment.cancel', 'order.cancelled']);
    expect(await shop.transaction((tx) => markPaymentCancelled(tx, ref(o)))).toBe(true);
    expect(await shop.orderState(o.id)).toBe('cancelled/cancelled');
  });

  it.each(ROUNDS)('never passes a cancellation unseen (round %i)', async () => {
    const o = await order();
    const [charge] = await Promise.all([shop.transaction((tx) => startCharge(tx, ref(o))), moves.cancelled(o)]);
    expect((await shop.events(o.id)).includes('payment.cancel')).toBe(charge !== undefined);
  });

  it('may be unknown for a while, and is still captured once', async () => {
    const o = await order();
    await shop.transaction((tx) => startCharge(tx, ref(o)));
    expect(await shop.transaction((tx) => markPaymentUnknown(tx, ref(o), 'time-out'))).toBe(true);
    expect(await shop.transaction((tx) => startCharge(tx, ref(o)))).toMatchObject({ attempts: 2 });
    expect(await manyTimes('paid', o)).toBe(1);
    expect(await shop.transaction((tx) => markPaymentUnknown(tx, ref(o), 'late'))).toBe(false);
    expect(await shop.transaction((tx) => markPaymentCancelled(tx, ref(o)))).toBe(false);
  });
});

describe('leaseExpired', () => {
  it('gives each overdue order to one worker, however many look, and again when the lease has run out', async () => {
    const orders = await Promise.all(Array.from({ length: 20 }, overdue));
    const ids = new Set(orders.map(({ id }) => id));
    const lease = async (seconds: number) => {
      const results = valuesOf(await atOnce(8, () => leaseExpired(shop.db.primary, 1000, seconds)));
      return results.flat().filter(({ orderId }) => ids.has(orderId));
    };
    const first = await lease(60);
    expect(first.map(({ orderId }) => orderId).toSorted()).toEqual([...ids].toSorted());
    expect(first[0]).toMatchObject({ userId, paymentState: 'pending', provider: 'sandbox' });
    expect(await lease(60)).toEqual([]);
    await shop.rows(`UPDATE orders SET leased_until = now() WHERE id = ANY($1::uuid[])`, [[...ids]]);
    expect(await lease(60)).toHaveLength(20);
  });
});
