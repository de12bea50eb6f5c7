import {
  type Charge,
  findPayment,
  markPaymentFailed,
  markPaymentUnknown,
  OPEN_PAYMENT_STATES,
  type PaymentRef,
  settlePayment,
  startCharge,
} from '@tenfold/orders';
import { type ProviderPayment, ProviderUnavailable } from '@tenfold/payments';
import { type EffectRun, RetryLater } from '@tenfold/queue';
import { actorOf, type JobContext } from './context.ts';
import { later } from './later.ts';
import { requireOwn, toRequest } from './payment-request.ts';

/**
 * Charges for an order that was placed. The provider is asked what it knows before it is asked a second time, and always
 * by the same key: whatever was lost on the way, the money is taken once.
 */
export async function charge(context: JobContext, run: EffectRun): Promise<void> {
  if (run.event.topic !== 'order.placed') throw new Error(`${run.event.topic} is not charged for`);
  const { userId, paymentId } = run.event.payload;
  const ref = { userId, paymentId };
  // Before it counts as asked: an order that nobody can charge for has to expire without its provider.
  if (run.event.payload.provider !== context.provider.name) return leave(context, run, ref);
  const { value: wanted } = await context.db.primary.transaction((tx) => startCharge(tx, ref));
  if (!wanted) return run.commit(async () => undefined); // cancelled, expired, or a webhook was faster

  const outcome = await askProvider(context, wanted, run.signal);
  if (outcome.state === 'processing') throw new RetryLater('the provider is at it');
  const refilled = await run.commit(async (tx) => {
    const actor = actorOf(context, run.eventId);
    if (outcome.state !== 'cancelled') return settlePayment(tx, ref, outcome, actor);
    // Called off by somebody at the provider: nothing will be charged for this order any more.
    return (await markPaymentFailed(tx, ref, 'called off at the provider', actor))?.refilled ?? [];
  });
  context.availability.refilled(refilled);
}

/** Leaves a payment to a worker of its provider, unless it has ended: there may never be such a worker again. */
async function leave({ db, provider }: JobContext, run: EffectRun, ref: PaymentRef): Promise<void> {
  const payment = await findPayment(db.primary, ref);
  if (payment && OPEN_PAYMENT_STATES.includes(payment.state)) requireOwn(provider, payment);
  await run.commit(async () => undefined);
}

async function askProvider({ db, provider }: JobContext, payment: Charge, signal: AbortSignal): Promise<ProviderPayment> {
  const request = toRequest(payment);
  try {
    const known = payment.attempts > 1 ? await provider.find(request, signal) : undefined;
    return known ?? (await provider.charge(request, signal));
  } catch (error) {
    if (error instanceof ProviderUnavailable) await markPaymentUnknown(db.primary, payment, error.message);
    return later(error);
  }
}
