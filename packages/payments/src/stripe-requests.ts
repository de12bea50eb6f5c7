import { Stripe } from 'stripe';
import type { PaymentRequest } from './provider.ts';

/** Where a PaymentIntent carries our key. */
export const KEY = 'payment_key';

/** A PaymentIntent, or why Stripe makes none: then nothing is charged, now or later. */
type Made = { intent: Stripe.PaymentIntent } | { intent: undefined; refused: string };

/** The intent of a payment as it is now, which is made if there is none. */
export async function madeIntent(stripe: Stripe, request: PaymentRequest): Promise<Made> {
  if (request.ref) return { intent: await stripe.paymentIntents.retrieve(request.ref) };
  const made = await makeIntent(stripe, request);
  // A repeat is answered with what the intent was at first.
  return made.intent ? { intent: await stripe.paymentIntents.retrieve(made.intent.id) } : made;
}

async function makeIntent(stripe: Stripe, { key, amount, currency, reference }: PaymentRequest): Promise<Made> {
  const automatic = { enabled: true, allow_redirects: 'never' } as const;
  const wanted = { amount, currency: currency.toLowerCase(), automatic_payment_methods: automatic };
  try {
    const metadata = { [KEY]: key, order: reference };
    return { intent: await stripe.paymentIntents.create({ ...wanted, metadata }, { idempotencyKey: `${key}.create` }) };
  } catch (error) {
    // Such as an amount under Stripe's minimum. Other errors do not say whether an earlier request has made one.
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
    return { intent: undefined, refused: error.message };
  }
}

/**
 * Cancels an intent, unless its money was taken or is on its way; then that is the answer. It has no idempotency key of ours:
 * Stripe would keep a refusal under it, and what is cancelled stays so.
 */
export async function cancelIntent(stripe: Stripe, intent: Stripe.PaymentIntent): Promise<Stripe.PaymentIntent> {
  if (isOver(intent)) return intent;
  try {
    return await stripe.paymentIntents.cancel(intent.id);
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
    const now = await stripe.paymentIntents.retrieve(intent.id);
    if (now.status !== 'processing' && !isOver(now)) throw error;
    return now;
  }
}

/** Gives the money of an intent back. @returns how far that is, which may take days. */
export async function refundIntent(stripe: Stripe, { id }: Stripe.PaymentIntent, { key, amount }: PaymentRequest) {
  try {
    const refund = await stripe.refunds.create({ payment_intent: id, amount }, { idempotencyKey: `${key}.refund` });
    return (await stripe.refunds.retrieve(refund.id)).status; // a repeat is answered with what the refund was at first
  } catch (error) {
    // Stripe forgets an idempotency key after a day or more; and somebody may have given the money back there.
    if (!(error instanceof Stripe.errors.StripeError) || error.code !== 'charge_already_refunded') throw error;
    return earlierRefund(stripe, id);
  }
}

/** How far the refunds are that leave nothing of an intent to give back. Those that failed are not among them, others may be on their way. */
async function earlierRefund(stripe: Stripe, intent: string) {
  const { data } = await stripe.refunds.list({ payment_intent: intent, limit: 100 });
  return data.find(({ status }) => status === 'pending' || status === 'requires_action')?.status ?? 'succeeded';
}

function isOver({ status }: Stripe.PaymentIntent): boolean {
  return status === 'succeeded' || status === 'canceled';
}
