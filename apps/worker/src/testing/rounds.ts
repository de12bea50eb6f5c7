import { expect } from 'vitest';
import { type PlacedOrder, STOCK } from './orders.ts';
import type { Shop } from './shop.ts';
import { until } from './processes.ts';

/** A kind of death: where it happens, what leads there, and how the order has to end. */
export interface Kind {
  point: string;
  /** Brings an order to where the job has to be done; no worker runs when it returns. */
  prepare: (shop: Shop) => Promise<PlacedOrder>;
  ends: string;
}

const paid = async (shop: Shop) => {
  const order = await shop.placeOrder('pm_ok');
  const worker = await shop.openWorker();
  await until('it is paid', async () => (await shop.stateOf(order)) === 'paid');
  await shop.allDone();
  await worker.close();
  return order;
};
const placed = (shop: Shop) => shop.placeOrder('pm_ok');
/** Its time is over while the provider is still at it. */
const overdue = async (shop: Shop) => {
  const order = await shop.placeOrder('pm_slow');
  const worker = await shop.openWorker();
  await until('the provider was asked', async () => (await shop.charges()).some(({ reference }) => reference === order.orderId));
  await worker.close();
  await shop.db.primary.query('UPDATE orders SET expires_at = now() WHERE id = $1', [order.orderId]);
  return order;
};
const cancelled = async (shop: Shop) => {
  const order = await shop.placeOrder('pm_slow');
  const worker = await shop.openWorker();
  await until('the provider was asked', async () => (await shop.charges()).some(({ reference }) => reference === order.orderId));
  await worker.close();
  await shop.cancelOrder(order);
  return order;
};
const toRefund = async (shop: Shop) => {
  const order = await paid(shop);
  await shop.refundOrder(order);
  return order;
};

const at = (points: readonly string[], prepare: Kind['prepare'], ends: string): Kind[] => points.map((point) => ({ point, prepare, ends }));
const around = (call: string, effect: string) => [
  `before ${call}`,
  `after ${call}`,
  `before commit of ${effect}`,
  `after commit of ${effect}`,
];

export const CHARGE = at(around('charge', 'charge'), placed, 'paid');
export const RECEIPT = at(around('send', 'receipt'), placed, 'paid');
export const RELEASE = at(around('cancel', 'expiry'), overdue, 'expired');
export const CANCEL = at(around('cancel', 'cancel'), cancelled, 'cancelled');
export const REFUND = at(around('refund', 'refund'), toRefund, 'refunded');

/** Kills a worker at one point, lets another go on, and looks whether everything has happened once. */
export async function playRound(shop: Shop, { point, prepare, ends }: Kind): Promise<void> {
  await shop.clear();
  const order = await prepare(shop);
  await shop.runDyingWorker(point);
  const worker = await shop.openWorker();
  try {
    await until(`the order is ${ends}`, async () => (await shop.stateOf(order)) === ends);
    await shop.allDone();
  } finally {
    await worker.close();
  }
  const [charge, ...more] = (await shop.charges()).filter(({ reference }) => reference === order.orderId);
  const wasPaid = ends === 'paid' || ends === 'refunded';
  expect(more).toEqual([]);
  expect({ captures: charge?.captures, refunds: charge?.refunds }).toEqual({
    captures: wasPaid ? 1 : 0,
    refunds: ends === 'refunded' ? 1 : 0,
  });
  expect(await shop.receipts()).toHaveLength(wasPaid ? 1 : 0);
  const available = ends === 'paid' ? STOCK - 1 : STOCK;
  expect(await shop.stock()).toEqual({ available, ledger: available, returnedTwice: 0 });
  expect(await shop.db.primary.query('SELECT effect, error FROM dead_letters')).toEqual([]);
}
