import type { Sql } from '@tenfold/db';
import { writeOutbox } from '@tenfold/queue';
import { type Actor, recordChange } from './audit.ts';
import { OPEN_PAYMENT_STATES, type OrderRef, type OrderState, type PaymentRef, type PaymentState, type Provider } from './states.ts';
import { returnStock } from './stock.ts';

/*
 * Each of these makes one move of an order in the caller's transaction: the state, the stock, the event that follows and
 * the audit record, or nothing. Called twice, at once or later, it does it once; the second call is told so.
 *
 * All lock the order first, then its payment, then stock: two that meet wait for each other, and never in a circle.
 */

const MOVE = `
  UPDATE orders SET state = $3, updated_at = now()
  WHERE user_id = $1 AND id = $2 AND state = $4 RETURNING id`;
const MOVE_BY_PAYMENT = `
  UPDATE orders SET state = $3, updated_at = now()
  WHERE user_id = $1 AND id = (SELECT order_id FROM payments WHERE user_id = $1 AND id = $2) AND state = 'pending' RETURNING id`;
const EXPIRE = `
  UPDATE orders SET state = 'expired', updated_at = now()
  WHERE user_id = $1 AND id = $2 AND state = 'pending' AND expires_at <= now() RETURNING id`;
const REQUEST_REFUND = `
  UPDATE orders SET refund_requested_at = now(), updated_at = now()
  WHERE user_id = $1 AND id = $2 AND state IN ('paid', 'fulfilled') AND refund_requested_at IS NULL RETURNING id`;
const FULFIL = `
  UPDATE orders SET state = 'fulfilled', updated_at = now()
  WHERE user_id = $1 AND id = $2 AND state = 'paid' AND refund_requested_at IS NULL RETURNING id`;
const REFUNDED = `
  UPDATE orders SET state = 'refunded', updated_at = now()
  WHERE user_id = $1 AND id = $2 AND state IN ('paid', 'fulfilled') RETURNING old.state`;

const PAYMENT = `id AS "paymentId", order_id AS "orderId", provider, amount, currency`;
const SETTLE = `
  UPDATE payments SET state = $3, provider_ref = coalesce($4, provider_ref), last_error = $5, updated_at = now()
  WHERE user_id = $1 AND id = $2 AND state = ANY($6) RETURNING ${PAYMENT}`;
const SETTLE_BY_ORDER = `
  UPDATE payments SET state = $3, updated_at = now()
  WHERE user_id = $1 AND order_id = $2 AND state = ANY($4) RETURNING ${PAYMENT}`;

interface PaymentRow {
  paymentId: string;
  orderId: string;
  provider: Provider;
  amount: number;
  currency: string;
}

/**
 * The provider has the money. An order that no longer waited for it (cancelled, expired) gets a refund instead.
 *
 * @returns `unchanged` when that was known already, or there is no such payment.
 */
export async function markPaid(
  tx: Sql,
  { userId, paymentId }: PaymentRef,
  { providerRef }: { providerRef?: string | undefined },
  actor: Actor,
): Promise<'paid' | 'refunding' | 'unchanged'> {
  const [moved] = await tx.query<{ id: string }>(MOVE_BY_PAYMENT, [userId, paymentId, 'paid']);
  const state: PaymentState = moved ? 'captured' : 'refunding';
  // A provider that declined or cancelled may have changed its mind: what it says last about money it has is the truth.
  const from: PaymentState[] = [...OPEN_PAYMENT_STATES, 'declined', 'cancelled'];
  const [payment] = await tx.query<PaymentRow>(SETTLE, [userId, paymentId, state, providerRef ?? null, null, from]);
  if (!payment) {
    if (moved) throw new Error(`order ${moved.id} was pending, but its payment ${paymentId} was settled`);
    return 'unchanged';
  }
  const order = { userId, orderId: payment.orderId };
  if (moved) {
    await tell(tx, order, 'order.paid');
    await recordChange(tx, actor, order, 'order.paid', { paymentId });
    return 'paid';
  }
  await writeRefund(tx, userId, payment, 'captured too late');
  await recordChange(tx, actor, order, 'order.refund_started', { paymentId, reason: 'captured too late' });
  return 'refunding';
}

/**
 * The provider will not charge: the order has failed and its stock goes back.
 *
 * @returns whether the order was still pending; when it wasn't, at most the payment is marked.
 */
export async function markPaymentFailed(
  tx: Sql,
  { userId, paymentId }: PaymentRef,
  reason: string,
  actor: Actor,
): Promise<Released | undefined> {
  const why = short(reason);
  const [moved] = await tx.query<{ id: string }>(MOVE_BY_PAYMENT, [userId, paymentId, 'payment_failed']);
  const [payment] = await tx.query<PaymentRow>(SETTLE, [userId, paymentId, 'declined', null, why, OPEN_PAYMENT_STATES]);
  if (!moved) return undefined;
  if (!payment) throw new Error(`order ${moved.id} was pending, but its payment ${paymentId} was settled`);
  const order = { userId, orderId: moved.id };
  await writeOutbox(tx, userId, { topic: 'order.payment_failed', payload: { ...order, reason: why } });
  await recordChange(tx, actor, order, 'order.payment_failed', { paymentId, reason: why });
  return { refilled: await returnStock(tx, order) };
}

/** A provider's words as an event and a row can carry them: of any length and with anything in them, they must not keep the order from failing. */
function short(reason: string): string {
  return reason
    .replaceAll(/\p{C}+/gu, ' ')
    .slice(0, 200)
    .toWellFormed();
}

/** What became available again: SKUs of which a bucket was empty, so that caches may show them as sold out. */
export interface Released {
  refilled: string[];
}

/**
 * The buyer calls a pending order off. A payment that is under way is called off too; if it is captured all the same,
 * `markPaid` refunds it.
 *
 * @returns undefined when the order isn't pending (any more).
 */
export async function cancel(tx: Sql, order: OrderRef, actor: Actor): Promise<Released | undefined> {
  const [moved] = await tx.query(MOVE, [order.userId, order.orderId, 'cancelled', 'pending']);
  if (!moved) return undefined;
  const [unasked] = await tx.query(SETTLE_BY_ORDER, [order.userId, order.orderId, 'cancelled', ['pending']]);
  if (!unasked) await writeCancel(tx, order);
  await tell(tx, order, 'order.cancelled');
  await recordChange(tx, actor, order, 'order.cancelled');
  return { refilled: await returnStock(tx, order) };
}

/**
 * Nobody paid in time. Call it after the provider has cancelled the payment, or never heard of it.
 *
 * @returns undefined when the order isn't pending (any more), or has time left.
 */
export async function expire(tx: Sql, order: OrderRef, actor: Actor): Promise<Released | undefined> {
  const [moved] = await tx.query(EXPIRE, [order.userId, order.orderId]);
  if (!moved) return undefined;
  await tx.query(SETTLE_BY_ORDER, [order.userId, order.orderId, 'cancelled', OPEN_PAYMENT_STATES]);
  await tell(tx, order, 'order.expired');
  await recordChange(tx, actor, order, 'order.expired');
  return { refilled: await returnStock(tx, order) };
}

/** A paid order has been sent. @returns whether it was paid, and nobody had asked for a refund. */
export async function fulfil(tx: Sql, order: OrderRef, actor: Actor): Promise<boolean> {
  const [moved] = await tx.query(FULFIL, [order.userId, order.orderId]);
  if (!moved) return false;
  await tell(tx, order, 'order.fulfilled');
  await recordChange(tx, actor, order, 'order.fulfilled');
  return true;
}

/**
 * Begins to give the money of a paid or fulfilled order back; `markRefunded` ends it. From here on it can't be fulfilled.
 *
 * @returns whether it was paid, and nobody had asked for it before.
 */
export async function requestRefund(tx: Sql, order: OrderRef, actor: Actor): Promise<boolean> {
  const [moved] = await tx.query(REQUEST_REFUND, [order.userId, order.orderId]);
  if (!moved) return false;
  const [payment] = await tx.query<PaymentRow>(SETTLE_BY_ORDER, [order.userId, order.orderId, 'refunding', ['captured']]);
  if (!payment) throw new Error(`order ${order.orderId} is paid, but its payment is not captured`);
  await writeRefund(tx, order.userId, payment, 'requested by staff');
  await recordChange(tx, actor, order, 'order.refund_started', { paymentId: payment.paymentId });
  return true;
}

/**
 * The provider has given the money back. The stock of an order that was never sent goes back as well.
 *
 * @returns undefined when no refund of this payment was under way (any more).
 */
export async function markRefunded(tx: Sql, { userId, paymentId }: PaymentRef, actor: Actor): Promise<Released | undefined> {
  const [found] = await tx.query<{ orderId: string }>('SELECT order_id AS "orderId" FROM payments WHERE user_id = $1 AND id = $2', [
    userId,
    paymentId,
  ]);
  if (!found) return undefined;
  const order = { userId, orderId: found.orderId };
  // The order first, as everywhere; it moves on only if this call settles the payment.
  await tx.query('SELECT 1 FROM orders WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE', [userId, order.orderId]);
  const [payment] = await tx.query<PaymentRow>(SETTLE, [userId, paymentId, 'refunded', null, null, ['refunding']]);
  if (!payment) return undefined;
  const [moved] = await tx.query<{ state: OrderState }>(REFUNDED, [userId, order.orderId]);
  if (moved) await tell(tx, order, 'order.refunded');
  await recordChange(tx, actor, order, 'order.refunded', { paymentId });
  return { refilled: moved?.state === 'paid' ? await returnStock(tx, order) : [] };
}

/** @param order may be wider than the event's contract. */
function tell(
  tx: Sql,
  { userId, orderId }: OrderRef,
  topic: 'order.paid' | 'order.cancelled' | 'order.expired' | 'order.fulfilled' | 'order.refunded',
) {
  return writeOutbox(tx, userId, { topic, payload: { userId, orderId } });
}

async function writeCancel(tx: Sql, { userId, orderId }: OrderRef) {
  const [open] = await tx.query<PaymentRow>(`SELECT ${PAYMENT} FROM payments WHERE user_id = $1 AND order_id = $2 AND state = ANY($3)`, [
    userId,
    orderId,
    OPEN_PAYMENT_STATES,
  ]);
  if (!open) return;
  const { paymentId, provider } = open;
  await writeOutbox(tx, userId, { topic: 'payment.cancel', payload: { userId, orderId, paymentId, provider, reason: 'order cancelled' } });
}

function writeRefund(tx: Sql, userId: string, { orderId, paymentId, provider, amount, currency }: PaymentRow, reason: string) {
  return writeOutbox(tx, userId, { topic: 'payment.refund', payload: { userId, orderId, paymentId, provider, amount, currency, reason } });
}
