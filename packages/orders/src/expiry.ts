import type { Sql } from '@tenfold/db';
import type { OrderRef, PaymentState, Provider } from './states.ts';

/** An order whose time is over, with the payment that has to be called off first. */
export interface Expired extends OrderRef {
  paymentId: string;
  provider: Provider;
  paymentState: PaymentState;
}

const CANDIDATES = `
  SELECT user_id AS "userId", id AS "orderId" FROM orders
  WHERE state = 'pending' AND expires_at <= now() AND (leased_until IS NULL OR leased_until <= now())
  ORDER BY id LIMIT $1`;
const LEASE = `
  UPDATE orders SET leased_until = now() + make_interval(secs => $3)
  WHERE user_id = $1 AND id = $2 AND state = 'pending' AND expires_at <= now() AND (leased_until IS NULL OR leased_until <= now())
  RETURNING id`;
const PAYMENT = `
  SELECT user_id AS "userId", order_id AS "orderId", id AS "paymentId", provider, state AS "paymentState"
  FROM payments WHERE user_id = $1 AND order_id = $2`;

/**
 * Finds orders that nobody paid in time and takes them for this worker: the search goes across users and locks nothing,
 * then each is leased by its own key. Any number of workers may do so at once; no two get the same order within a lease.
 *
 * @param sql of the primary, outside a transaction: a lease has to be seen at once.
 * @param lease seconds in which the worker will have called the payment off and let the order expire.
 */
export async function leaseExpired(sql: Sql, limit: number, lease: number): Promise<Expired[]> {
  const leased: Expired[] = [];
  for (const { userId, orderId } of await sql.query<OrderRef>(CANDIDATES, [limit])) {
    const [mine] = await sql.query(LEASE, [userId, orderId, lease]);
    const [payment] = mine ? await sql.query<Expired>(PAYMENT, [userId, orderId]) : [];
    if (payment) leased.push(payment);
  }
  return leased;
}
