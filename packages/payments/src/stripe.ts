import { Stripe } from 'stripe';
import {
  InvalidWebhook,
  type PaymentProvider,
  type ProviderPayment,
  ProviderRefusal,
  ProviderUnavailable,
  type WebhookEvent,
  type Webhooks,
} from './provider.ts';
import { REPLAY_WINDOW } from './signature.ts';
import { cancelIntent, KEY, madeIntent, refundIntent } from './stripe-requests.ts';

interface Options {
  secretKey: string;
  /** Milliseconds that a request may take. */
  timeout: number;
  /** Another address than Stripe's own, for stripe-mock. */
  apiBase?: string | undefined;
}

/**
 * Stripe, by PaymentIntents: made first, confirmed then, each under an idempotency key of its own. Making one again gives
 * the one that there is, which is how a payment is found whose answer was lost, and how one can be called off that was
 * never confirmed: the confirmation that comes later fails.
 */
export function createStripeProvider({ secretKey, timeout, apiBase }: Options): PaymentProvider {
  // Retries are the queue's: it has backoff, and survives the process.
  const stripe = new Stripe(secretKey, { timeout, maxNetworkRetries: 0, telemetry: false, ...(apiBase && address(apiBase)) });

  return {
    name: 'stripe',
    charge: (request) =>
      guarded(async () => {
        const made = await madeIntent(stripe, request);
        if (!made.intent) return { key: request.key, state: 'declined', reason: made.refused };
        const { intent } = made;
        if (!isUnconfirmed(intent)) return toPayment(request.key, intent);
        const confirmed = stripe.paymentIntents.confirm(
          intent.id,
          { payment_method: request.method },
          { idempotencyKey: `${request.key}.confirm` },
        );
        return toPayment(request.key, await confirmed.catch((error: unknown) => declined(error, intent)));
      }),
    find: (request) =>
      guarded(async () => {
        const { intent } = await madeIntent(stripe, request);
        return !intent || isUnconfirmed(intent) ? undefined : toPayment(request.key, intent);
      }),
    cancel: (request) =>
      guarded(async () => {
        const { intent } = await madeIntent(stripe, request);
        if (!intent) return { key: request.key, state: 'cancelled' };
        return toPayment(request.key, await cancelIntent(stripe, intent));
      }),
    refund: (request) =>
      guarded(async () => {
        const { intent } = await madeIntent(stripe, request);
        if (!intent) throw new ProviderRefusal('Stripe has no payment to give back');
        const status = await refundIntent(stripe, intent, request);
        if (status === 'failed' || status === 'canceled') throw new ProviderRefusal(`Stripe says that the refund is ${status}`);
        return { key: request.key, ref: intent.id, state: status === 'succeeded' ? 'refunded' : 'processing' };
      }),
  };
}

/** Reads Stripe's webhooks. */
export function createStripeWebhooks(secret: string): Webhooks {
  return {
    provider: 'stripe',
    parse(body, headers) {
      const signature = headers['stripe-signature'];
      try {
        return toEvent(Stripe.webhooks.constructEvent(body, typeof signature === 'string' ? signature : '', secret, REPLAY_WINDOW));
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) {
          throw new InvalidWebhook('payload', 'The webhook is not an event of Stripe.');
        }
        const problem = /tolerance/i.test(error.message) ? 'timestamp' : 'signature';
        throw new InvalidWebhook(problem, error.message.split('\n')[0]?.trim() ?? 'The signature does not match.');
      }
    },
  };
}

/** Nobody has tried to take money yet, as far as this intent knows. */
function isUnconfirmed({ status, last_payment_error }: Stripe.PaymentIntent): boolean {
  return status === 'requires_confirmation' || (status === 'requires_payment_method' && !last_payment_error);
}

function toPayment(key: string, { id, status, last_payment_error }: Stripe.PaymentIntent): ProviderPayment {
  if (status === 'succeeded') return { key, ref: id, state: 'captured' };
  if (status === 'canceled') return { key, ref: id, state: 'cancelled' };
  if (status === 'requires_payment_method') return { key, ref: id, state: 'declined', reason: last_payment_error?.message ?? 'declined' };
  return { key, ref: id, state: 'processing' };
}

/** A declined card is an answer and no failure, and so is a payment method that isn't there: a customer chose it. */
function declined(error: unknown, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  const { StripeCardError, StripeInvalidRequestError } = Stripe.errors;
  const unusable = error instanceof StripeInvalidRequestError && error.param === 'payment_method';
  if (!unusable && !(error instanceof StripeCardError)) throw error;
  return error.payment_intent ?? { ...intent, status: 'requires_payment_method' };
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    const status = error.statusCode ?? 0;
    // 409: another request with this key is under way.
    if (error instanceof Stripe.errors.StripeConnectionError || status >= 500 || status === 429 || status === 409) {
      throw new ProviderUnavailable(`Stripe gave no outcome: ${error.message}`, { cause: error });
    }
    throw new ProviderRefusal(`Stripe refused: ${error.message}`, { cause: error });
  }
}

function toEvent(event: Stripe.Event): WebhookEvent {
  switch (event.type) {
    case 'payment_intent.succeeded':
    case 'payment_intent.processing':
    case 'payment_intent.payment_failed':
    case 'payment_intent.canceled': {
      const intent = event.data.object;
      const key = intent.metadata[KEY];
      return { id: event.id, payment: key ? toPayment(key, intent) : undefined };
    }
    default:
      return { id: event.id, payment: undefined };
  }
}

function address(base: string) {
  const { protocol, hostname, port } = new URL(base);
  const secure = protocol === 'https:';
  return { protocol: secure ? ('https' as const) : ('http' as const), host: hostname, port: port || (secure ? 443 : 80) };
}
