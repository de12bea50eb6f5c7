import type { Charge, Payment } from '@tenfold/orders';
import { type PaymentProvider, type PaymentRequest, paymentKey } from '@tenfold/payments';
import { RetryLater } from '@tenfold/queue';

/** How the provider is asked about a payment of ours. */
export function toRequest(payment: Charge | Payment): PaymentRequest {
  const { amount, currency, method, orderId } = payment;
  const ref = 'providerRef' in payment ? (payment.providerRef ?? undefined) : undefined;
  return { key: paymentKey(payment), amount, currency, method, reference: orderId, ref };
}

/**
 * Each payment is its own provider's, whoever takes the money for new orders: while workers change over, both kinds run.
 *
 * @throws RetryLater for a payment that another worker has to ask about.
 */
export function requireOwn(provider: PaymentProvider, payment: Pick<Payment, 'provider'>): void {
  if (payment.provider !== provider.name) throw new RetryLater(`this worker asks ${provider.name}, not ${payment.provider}`);
}
