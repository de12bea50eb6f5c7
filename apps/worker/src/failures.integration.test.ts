import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outcomeOf, placeMixed, rightOutcome } from './testing/mixed.ts';
import { until } from './testing/processes.ts';
import { STOCK } from './testing/orders.ts';
import { openShop, type Shop } from './testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.close());
beforeEach(() => shop.clear());

const noneOpen = async () => ((await shop.states())['pending'] ?? 0) === 0;

describe('a provider that is late, breaks off after charging, fails and declines', () => {
  it('charges nobody twice, and no order waits for more than 60 s', async () => {
    const worker = await shop.openWorker();
    const orders = await placeMixed(shop, 100);
    await until('no order is pending', noneOpen, 60_000);
    await shop.allDone();
    await worker.close();
    expect(await outcomeOf(shop, orders)).toEqual(rightOutcome(orders));
  }, 90_000);

  it('may be away for a while, and forgets nothing when it is restarted', async () => {
    const worker = await shop.openWorker();
    const before = await placeMixed(shop, 20);
    await until('some are charged', async () => (await shop.charges()).length > 0);
    await shop.stopSandbox();
    const during = await placeMixed(shop, 20);
    await until('it was missed', async () => (await shop.db.primary.query(`SELECT 1 FROM payments WHERE state = 'unknown'`)).length > 0);
    await shop.startSandbox();
    await until('no order is pending', noneOpen, 60_000);
    await shop.allDone();
    await worker.close();
    const orders = [...before, ...during];
    expect(await outcomeOf(shop, orders)).toEqual(rightOutcome(orders));
  }, 90_000);
});

describe('a payment method that the provider does not know', () => {
  it('is a payment that failed: its stock is free at once, and nobody is called', async () => {
    const worker = await shop.openWorker();
    const order = await shop.placeOrder('pm_whatever');
    await until('the payment has failed', async () => (await shop.stateOf(order)) === 'payment_failed');
    await shop.allDone();
    await worker.close();
    expect(await shop.stock()).toEqual({ available: STOCK, ledger: STOCK, returnedTwice: 0 });
    expect(await shop.db.primary.query('SELECT effect, error FROM dead_letters')).toEqual([]);
  });
});

describe('redis-state', () => {
  it('may be wiped with orders under way: each ends right, with one charge and one receipt', async () => {
    const worker = await shop.openWorker();
    const placing = placeMixed(shop, 100);
    await until('some are paid', async () => ((await shop.states())['paid'] ?? 0) >= 5);
    await shop.redis.flushall();
    const orders = await placing;
    await until('some more are paid', async () => ((await shop.states())['paid'] ?? 0) >= 30, 60_000);
    await shop.redis.flushall();
    await until('no order is pending', noneOpen, 60_000);
    await shop.allDone();
    await worker.close();
    expect(await outcomeOf(shop, orders)).toEqual(rightOutcome(orders));
  }, 90_000);

  it('may be away when a worker starts, and for a while afterwards', async () => {
    await shop.stores.stop('redis-state');
    const worker = await shop.startWorkerProcess('worker-1');
    const orders = await placeMixed(shop, 10);
    await shop.stores.start('redis-state');
    await until('some are paid', async () => ((await shop.states())['paid'] ?? 0) >= 2);
    await shop.stores.stop('redis-state');
    await shop.stores.start('redis-state');
    await until('no order is pending', noneOpen, 60_000);
    await shop.allDone();
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(await outcomeOf(shop, orders)).toEqual(rightOutcome(orders));
  }, 120_000);

  it('may be wiped: the clock goes on', async () => {
    const worker = await shop.openWorker();
    await until('the schedules are there', async () => (await shop.redis.exists('tenfold:queue:stock:repeat')) === 1);
    await until('redis-state is known', async () => (await shop.redis.exists('tenfold:outbox:server')) === 1);
    await shop.redis.flushall();
    await shop.stopSandbox();
    const order = await shop.placeOrder('pm_ok');
    await shop.db.primary.query('UPDATE orders SET expires_at = now() WHERE id = $1', [order.orderId]);
    await until('the order has expired', async () => (await shop.stateOf(order)) === 'expired');
    await shop.startSandbox();
    expect(await shop.stock()).toEqual({ available: STOCK, ledger: STOCK, returnedTwice: 0 });
    await worker.close();
  });
});

describe('the database', () => {
  it('may crash with orders under way: work waits for it, and none of it counts as failed', async () => {
    const worker = await shop.openWorker();
    const orders = await placeMixed(shop, 40);
    await until('some are paid', async () => ((await shop.states())['paid'] ?? 0) >= 5);
    shop.stores.signal('postgres-primary', 'SIGKILL');
    await until('it is gone', () => shop.db.health().degraded);
    await shop.stores.start('postgres-primary');
    await until('it is back', () => !shop.db.health().degraded);
    await until('no order is pending', noneOpen, 60_000);
    await shop.allDone();
    await worker.close();
    expect(await outcomeOf(shop, orders)).toEqual(rightOutcome(orders));
  }, 120_000);
});

describe('a worker that is told to stop under load', () => {
  it.each([1, 2, 3, 4, 5])(
    'leaves no job stalled (round %i)',
    async () => {
      const [first, second] = await Promise.all(['worker-1', 'worker-2'].map((name) => shop.startWorkerProcess(name, { JOB_LOCK: '10' })));
      if (!first || !second) throw new Error('two workers were started');
      const orders = await placeMixed(shop, 60);
      await until('work is under way', async () => (await shop.charges()).length >= 5);
      first.kill('SIGTERM');
      const stopping = performance.now();
      expect(await first.exited).toEqual({ code: 0, signal: null });
      expect(performance.now() - stopping).toBeLessThan(9000);
      await until('no order is pending', noneOpen, 60_000);
      await shop.allDone();
      const metrics = await (await fetch(second.metrics)).text();
      expect(/^jobs_stalled_total\S* [1-9]/m.exec(metrics)).toBeNull();
      second.kill('SIGTERM');
      expect(await second.exited).toEqual({ code: 0, signal: null });
      expect(await outcomeOf(shop, orders)).toEqual(rightOutcome(orders));
      await shop.clear();
    },
    90_000,
  );
});

describe('money that comes too late', () => {
  it('is given back, and the stock stays where it was', async () => {
    const order = await shop.placeOrder('pm_slow');
    let worker = await shop.openWorker();
    await until('the provider was asked', async () => (await shop.charges()).some(({ reference }) => reference === order.orderId));
    await worker.close();
    const charged = async () => (await shop.charges()).find(({ reference }) => reference === order.orderId);
    await until('the provider has captured it', async () => (await charged())?.state === 'captured');
    await shop.cancelOrder(order);
    worker = await shop.openWorker();
    await until('it is given back', async () => (await charged())?.refunds === 1);
    await shop.allDone();
    await worker.close();
    expect(await charged()).toMatchObject({ captures: 1, refunds: 1, state: 'refunded' });
    expect(await shop.stateOf(order)).toBe('cancelled');
    expect(await shop.receipts()).toEqual([]);
    expect(await shop.stock()).toEqual({ available: STOCK, ledger: STOCK, returnedTwice: 0 });
  });
});
