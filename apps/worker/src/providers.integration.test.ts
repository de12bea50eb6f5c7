import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { markPaid } from '@tenfold/orders';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PlacedOrder, STOCK } from './testing/orders.ts';
import { until } from './testing/processes.ts';
import { openShop, type Shop } from './testing/shop.ts';

/** A Stripe that has one payment from before, and makes no others. */
const ANSWERS: Readonly<Record<string, object>> = {
  'GET /v1/payment_intents/pi_1': { id: 'pi_1', object: 'payment_intent', status: 'succeeded' },
  'POST /v1/refunds': { id: 're_1', object: 'refund', status: 'pending' },
  'GET /v1/refunds/re_1': { id: 're_1', object: 'refund', status: 'succeeded' },
};
const SLOW: typeof ANSWERS = { ...ANSWERS, 'GET /v1/refunds/re_1': { id: 're_1', object: 'refund', status: 'pending' } };
const REFUSAL = { error: { type: 'invalid_request_error', code: 'amount_too_small', message: 'Amount must be at least 50 cents' } };

let shop: Shop;
let stripe: Server;
let answers = ANSWERS;
let STRIPE_API_BASE: string;
beforeAll(async () => {
  shop = await openShop();
  stripe = createServer(({ method, url }, response) => {
    const answer = answers[`${method} ${url}`];
    response.writeHead(answer ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? REFUSAL));
  }).listen(0, '127.0.0.1');
  await once(stripe, 'listening');
  const address = stripe.address();
  if (address === null || typeof address === 'string') throw new Error('listening on no port');
  STRIPE_API_BASE = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  stripe?.close();
  await shop?.close();
});
beforeEach(async () => {
  answers = ANSWERS;
  await shop.clear();
});

/** Has a worker with the sandbox until something holds. */
async function withSandbox(what: string, condition: () => Promise<boolean>) {
  const worker = await shop.openWorker();
  try {
    await until(what, condition);
  } finally {
    await worker.close();
  }
}
const openStripeWorker = () => shop.openWorker({ PAYMENT_PROVIDER: 'stripe', STRIPE_SECRET_KEY: 'sk_test_123', STRIPE_API_BASE });
/** Has a worker with Stripe until an order is in a state, and all is done. */
async function withStripe(order: PlacedOrder, state: string) {
  const worker = await openStripeWorker();
  try {
    await until(`the order is ${state}`, async () => (await shop.stateOf(order)) === state);
    await shop.allDone();
  } finally {
    await worker.close();
  }
}
const wait = (jobs: number) => async () => (await shop.redis.zcard('tenfold:queue:payment:delayed')) === jobs;
/** Milliseconds until the one job that waits is tried again. */
async function nextTry(): Promise<number> {
  const [, score] = await shop.redis.zrange('tenfold:queue:payment:delayed', '0', '0', 'WITHSCORES');
  return Number(score) / 4096 - Date.now(); // BullMQ counts the jobs of a millisecond in the lowest 12 bits
}
const undone = async ({ userId }: PlacedOrder) =>
  (await shop.db.primary.query<{ topic: string }>('SELECT topic FROM outbox WHERE user_id = $1 AND done_at IS NULL', [userId])).map(
    ({ topic }) => topic,
  );
/** What the sandbox was asked for, and which job was given up. */
const traces = async ({ orderId }: PlacedOrder) => [
  (await shop.charges()).filter(({ reference }) => reference === orderId),
  await shop.db.primary.query('SELECT effect, error FROM dead_letters'),
];
const NONE = [[], []];
const ALL_BACK = { available: STOCK, ledger: STOCK, returnedTwice: 0 };

describe('a payment of another provider than the worker has', () => {
  it('is charged by one that has it, or has failed where that refuses the amount', async () => {
    const order = await shop.placeOrder('pm_ok', 'stripe');
    await withSandbox('its charge waits', wait(1));
    expect([await shop.stateOf(order), ...(await traces(order))]).toEqual(['pending', ...NONE]);
    await withStripe(order, 'payment_failed');
    expect([await shop.stock(), ...(await traces(order))]).toEqual([ALL_BACK, ...NONE]);
  });

  it('is called off by one that has it', async () => {
    const order = await shop.placeOrder('pm_ok', 'stripe');
    await shop.db.primary.query(`UPDATE payments SET state = 'unknown' WHERE user_id = $1`, [order.userId]);
    await shop.cancelOrder(order);
    await withSandbox('its charge and its end wait', wait(2));
    expect(await traces(order)).toEqual(NONE);
    await withStripe(order, 'cancelled');
    expect([await shop.stock(), ...(await traces(order))]).toEqual([ALL_BACK, ...NONE]);
  });

  it('is given back by one that has it', async () => {
    const order = await shop.placeOrder('pm_ok', 'stripe');
    const actor = { userId: null, requestId: 'test', replica: 'test' };
    await shop.db.primary.transaction((tx) => markPaid(tx, order, { providerRef: 'pi_1' }, actor));
    await shop.refundOrder(order);
    const onlyRefund = async () => (await undone(order)).join() === 'payment.refund' && (await wait(1)());
    await withSandbox('its charge is done, and its refund waits', onlyRefund);
    expect(await traces(order)).toEqual(NONE);
    await withStripe(order, 'refunded');
    expect([await shop.stock(), ...(await traces(order))]).toEqual([ALL_BACK, ...NONE]);
  });

  it.each([
    ['was cancelled', (order: PlacedOrder) => shop.cancelOrder(order)],
    ['has expired', () => shop.db.primary.query(`UPDATE orders SET expires_at = now() - interval '1 second'`)],
  ])('is no job any more once its order %s', async (_what, end) => {
    const order = await shop.placeOrder('pm_ok', 'stripe');
    await end(order);
    await withSandbox('all is done', async () => (await undone(order)).length === 0);
    expect([await shop.stock(), ...(await traces(order))]).toEqual([ALL_BACK, ...NONE]);
  });

  it('is called off by one that has it before its order expires', async () => {
    const [order, own] = [await shop.placeOrder('pm_ok', 'stripe'), await shop.placeOrder('pm_ok')];
    await shop.db.primary.query(`UPDATE payments SET state = 'unknown' WHERE user_id = $1`, [order.userId]);
    await shop.db.primary.query(`UPDATE orders SET expires_at = now() - interval '1 second'`);
    await withSandbox(
      'another order has expired, and all is done for it',
      async () => (await shop.stateOf(own)) === 'expired' && (await undone(own)).length === 0,
    );
    expect([await shop.stateOf(order), ...(await traces(order))]).toEqual(['pending', ...NONE]);
    await withStripe(order, 'expired');
    expect([await shop.stock(), ...(await traces(order))]).toEqual([ALL_BACK, ...NONE]);
  });
});

describe('a refund that takes its provider days', () => {
  it('is asked about every few minutes', async () => {
    answers = SLOW;
    const order = await shop.placeOrder('pm_ok', 'stripe');
    const actor = { userId: null, requestId: 'test', replica: 'test' };
    await shop.db.primary.transaction((tx) => markPaid(tx, order, { providerRef: 'pi_1' }, actor));
    await shop.refundOrder(order);
    const worker = await openStripeWorker();
    try {
      await until('its refund waits', wait(1));
      expect(await nextTry()).toBeGreaterThan(60_000);
    } finally {
      await worker.close();
      await shop.redis.flushdb(); // the job outlives its test
    }
  });
});
