import { findPayment, settlePayment } from '@tenfold/orders';
import { type EffectRun, RetryLater } from '@tenfold/queue';
import { actorOf, type JobContext } from './context.ts';
import { later } from './later.ts';
import { requireOwn, toRequest } from './payment-request.ts';

/** Milliseconds until a provider is asked again about a refund that is on its way, which may take days. */
const REFUND_WAIT = 300_000;

/** Calls the payment of a cancelled order off. If the money was taken already, the books start its refund. */
export async function cancelPayment(context: JobContext, run: EffectRun): Promise<void> {
  if (run.event.topic !== 'payment.cancel') throw new Error(`${run.event.topic} calls no payment off`);
  const payment = await findPayment(context.db.primary, run.event.payload);
  if (!payment) throw new Error('there is no such payment');
  requireOwn(context.provider, payment);
  const outcome = await context.provider.cancel(toRequest(payment), run.signal).catch(later);
  if (outcome.state === 'processing') throw new RetryLater('the provider is at it');
  context.availability.refilled(await run.commit((tx) => settlePayment(tx, payment, outcome, actorOf(context, run.eventId))));
}

/** Gives money back. */
export async function refundPayment(context: JobContext, run: EffectRun): Promise<void> {
  if (run.event.topic !== 'payment.refund') throw new Error(`${run.event.topic} gives no money back`);
  const payment = await findPayment(context.db.primary, run.event.payload);
  if (!payment) throw new Error('there is no such payment');
  requireOwn(context.provider, payment);
  const outcome = await context.provider.refund(toRequest(payment), run.signal).catch(later);
  if (outcome.state !== 'refunded') throw new RetryLater('the provider is at it', REFUND_WAIT);
  context.availability.refilled(await run.commit((tx) => settlePayment(tx, payment, outcome, actorOf(context, run.eventId))));
}
