import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { StoreFacts } from '@tenfold/local/testing';
import { startDoomedReplica, type DoomedReplica } from '../../testing/killed-replica.ts';
import type { Moment } from '../../testing/postgres-proxy.ts';
import type { Shop } from '../../testing/shop.ts';

/** When the replica is killed: before it has looked at the request, at a moment of its transaction, or just after it has heard of the commit. */
export type Killing = 'before' | Moment | 'before the answer';

export const INSIDE: Moment[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((statement) => ({ statement, side: 'after' }) as const),
  { statement: 'COMMIT', side: 'before' },
];
export const COMMITTED: Moment = { statement: 'COMMIT', side: 'after' };

const UNITS = 5;

/** What one order left behind. Everything but the first three is to be 1. */
interface Found {
  status: number;
  stock: number;
  ledger: number;
  orders: number;
  payments: number;
  events: number;
  records: number;
}

/** One order, one killed replica, and the client's retries at the others until it has its answer. @returns what is there then. */
export async function killRound(shop: Shop, stores: StoreFacts, killing: Killing): Promise<Found> {
  const [replica, user, { sku }] = await Promise.all([startDoomedReplica(stores), shop.account(), shop.product({ available: UNITS })]);
  const payload = { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' };
  const headers = { 'idempotency-key': randomUUID() };
  await killAt(replica, killing, () => {
    const init = {
      method: 'POST',
      headers: { ...shop.as(user), ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    };
    return fetch(`${replica.url}/v1/orders`, init).then(
      () => undefined,
      () => undefined,
    );
  });
  const status = await retry(() => shop.order(user, payload, headers));
  return { status, ...(await whatIsThere(shop, user, sku)) };
}

export const EXPECTED: Found = { status: 201, stock: UNITS - 1, ledger: UNITS - 1, orders: 1, payments: 1, events: 1, records: 1 };

async function killAt(replica: DoomedReplica, killing: Killing, send: () => Promise<void>): Promise<void> {
  if (killing === 'before') {
    replica.freeze();
    const sent = send();
    await wait(50); // for the request to be in its socket
    await replica.kill();
    return sent;
  }
  const reached = replica.stopAt(killing === 'before the answer' ? COMMITTED : killing);
  const sent = send();
  await reached;
  if (killing === 'before the answer') replica.release();
  await replica.kill();
  return sent;
}

/** Asks again as long as it is told to; whoever is told so for a minute is told wrong. */
async function retry(send: () => Promise<{ statusCode: number; headers: Record<string, unknown>; body: string }>): Promise<number> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { statusCode, headers, body } = await send();
    if (statusCode !== 409 && statusCode !== 503) return statusCode;
    if (performance.now() > deadline) throw new Error(`still ${statusCode} after a minute: ${body}`);
    await wait(Number(headers['retry-after'] ?? 1) * 1000);
  }
}

async function whatIsThere(shop: Shop, user: string, sku: string): Promise<Omit<Found, 'status'>> {
  const counts = await shop.primary.query<Pick<Found, 'orders' | 'payments' | 'events' | 'records'>>(
    `SELECT (SELECT count(*) FROM orders WHERE user_id = $1) AS orders, (SELECT count(*) FROM payments WHERE user_id = $1) AS payments,
       (SELECT count(*) FROM outbox WHERE user_id = $1) AS events, (SELECT count(*) FROM audit_records WHERE user_id = $1) AS records`,
    [user],
  );
  const { count, ledger } = await shop.stock(sku);
  return { stock: count, ledger, orders: 0, payments: 0, events: 0, records: 0, ...counts[0] };
}
