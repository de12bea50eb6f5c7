import { expire, type Expired, findPayment, leaseExpired, settlePayment } from '@tenfold/orders';
import { ProviderUnavailable } from '@tenfold/payments';
import { actorOf, type JobContext } from './context.ts';
import { toRequest } from './payment-request.ts';

/** Orders that one search takes, and of them at once. */
const BATCH = 100;
const AT_ONCE = 10;

/**
 * Lets orders expire that nobody paid in time: first their payment is called off at the provider, then their stock goes
 * back. What fails is found again when its lease has run out.
 */
export async function expireReservations(context: JobContext, signal: AbortSignal): Promise<void> {
  for (let found = BATCH; found === BATCH && !signal.aborted;) {
    const expired = await leaseExpired(context.db.primary, BATCH, context.expiryLease);
    found = expired.length;
    const work = expired.values();
    await Promise.all(Array.from({ length: AT_ONCE }, () => expireAll(context, work, signal)));
  }
}

async function expireAll(context: JobContext, orders: Iterable<Expired>, signal: AbortSignal) {
  for (const order of orders) {
    if (signal.aborted) return;
    await expireOne(context, order, signal).catch((error: unknown) => {
      const level = error instanceof ProviderUnavailable ? 'info' : 'error';
      context.logger[level]({ err: error, order: order.orderId }, 'an order could not expire; it is tried again');
    });
  }
}

async function expireOne(context: JobContext, order: Expired, signal: AbortSignal): Promise<void> {
  const { db, provider, hint, availability } = context;
  const actor = actorOf(context, `expiry-${order.orderId}`);
  const payment = await findPayment(db.primary, order);
  // A payment that nobody has asked the provider for can't be called off there, and `expire` calls it off here.
  const begun = payment && payment.state !== 'pending' ? payment : undefined;
  if (begun && begun.provider !== provider.name) return; // another worker's to call off: the next search may be its own
  const outcome = begun && (await provider.cancel(toRequest(begun), signal));
  if (outcome?.state === 'processing') return; // too late to call it off, and not captured yet: the next search asks again
  const { value: refilled } = await db.primary.transaction(async (tx) => {
    const settled = outcome && outcome.state !== 'cancelled' ? await settlePayment(tx, order, outcome, actor) : [];
    const expired = await expire(tx, order, actor); // does nothing to an order that was paid or has failed meanwhile
    return [...settled, ...(expired?.refilled ?? [])];
  });
  hint.wake();
  availability.refilled(refilled);
}
