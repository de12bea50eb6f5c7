import type { Sql } from '@tenfold/db';
import type { PaymentRef, PaymentState } from './states.ts';

/** What a provider is asked for. */
export interface Charge extends PaymentRef {
  orderId: string;
  provider: 'sandbox' | 'stripe';
  method: string;
  amount: number;
  currency: string;
  /** Which try this is; from the second on the provider may know of the charge. */
  attempts: number;
}

/**
 * Takes the payment of an order that is still wanted before its provider is asked, or asked again. An order that is
 * cancelled or expires meanwhile waits for this to commit, and then knows that there is something to call off.
 *
 * @returns undefined when there is nothing to charge (any more).
 */
export async function startCharge(tx: Sql, { userId, paymentId }: PaymentRef): Promise<Charge | undefined> {
  // The order's lock, and a look at it when it is ours: a cancelled one must not be charged any more, and what becomes of one
  // whose time is over is for expiry to find out.
  const [wanted] = await tx.query(
    `SELECT 1 FROM orders WHERE user_id = $1 AND id = (SELECT order_id FROM payments WHERE user_id = $1 AND id = $2)
       AND state = 'pending' AND expires_at > now()
     FOR NO KEY UPDATE`,
    [userId, paymentId],
  );
  if (!wanted) return undefined;
  const [charge] = await tx.query<Charge>(
    `UPDATE payments SET state = 'authorising', attempts = attempts + 1, updated_at = now()
     WHERE user_id = $1 AND id = $2 AND state IN ('pending', 'authorising', 'unknown')
     RETURNING user_id AS "userId", id AS "paymentId", order_id AS "orderId", provider, method, amount, currency, attempts`,
    [userId, paymentId],
  );
  return charge;
}

/** The provider's answer was lost: it will be asked again. @returns whether it was still open. */
export async function markPaymentUnknown(tx: Sql, { userId, paymentId }: PaymentRef, error: string): Promise<boolean> {
  const marked = await tx.query(
    `UPDATE payments SET state = 'unknown', last_error = $3, updated_at = now()
     WHERE user_id = $1 AND id = $2 AND state IN ('authorising', 'unknown') RETURNING id`,
    [userId, paymentId, error.slice(0, 500)],
  );
  return marked.length > 0;
}

/** The provider has called the payment of a cancelled or expired order off. @returns whether it was still open. */
export async function markPaymentCancelled(tx: Sql, { userId, paymentId }: PaymentRef): Promise<boolean> {
  const marked = await tx.query(
    `UPDATE payments p SET state = 'cancelled', updated_at = now()
     FROM orders o
     WHERE p.user_id = $1 AND p.id = $2 AND p.state IN ('pending', 'authorising', 'unknown')
       AND o.user_id = p.user_id AND o.id = p.order_id AND o.state <> 'pending'
     RETURNING p.id`,
    [userId, paymentId],
  );
  return marked.length > 0;
}

/** A payment as its provider has to be asked about it. */
export interface Payment extends Charge {
  state: PaymentState;
  /** The provider's own id, once it is known. */
  providerRef: string | null;
}

export async function findPayment(sql: Sql, { userId, paymentId }: PaymentRef): Promise<Payment | undefined> {
  const [payment] = await sql.query<Payment>(
    `SELECT user_id AS "userId", id AS "paymentId", order_id AS "orderId", provider, method, amount, currency, attempts, state,
       provider_ref AS "providerRef"
     FROM payments WHERE user_id = $1 AND id = $2`,
    [userId, paymentId],
  );
  return payment;
}
