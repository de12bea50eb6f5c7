import { afterAll, beforeAll, expect, it } from 'vitest';
import { outcomeOf, placeMixed, rightOutcome } from './testing/mixed.ts';
import { until } from './testing/processes.ts';
import { openShop, type Shop } from './testing/shop.ts';

const ORDERS = 1000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.close());

it(`ends ${ORDERS} orders right, with one charge and one receipt each, when redis-state is wiped with them under way`, async () => {
  const workers = await Promise.all(['worker-1', 'worker-2'].map((name) => shop.startWorkerProcess(name)));
  const placing = placeMixed(shop, ORDERS);
  const wipe = async (paid: number) => {
    await until(`${paid} are paid`, async () => ((await shop.states())['paid'] ?? 0) >= paid, 300_000);
    await shop.redis.flushall();
  };
  await wipe(10);
  const orders = await placing;
  await wipe(200);
  await wipe(500);
  await until('no order is pending', async () => ((await shop.states())['pending'] ?? 0) === 0, 300_000);
  await shop.allDone(120_000);
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(workers.map(({ exited }) => exited));
  expect(await outcomeOf(shop, orders)).toEqual(rightOutcome(orders));
});
