import type { Charge, Payment } from '@tenfold/orders';
import { type PaymentRequest, paymentKey } from '@tenfold/payments';

/** How the provider is asked about a payment of ours. */
export function toRequest(payment: Charge | Payment): PaymentRequest {
  const { amount, currency, method, orderId } = payment;
  const ref = 'providerRef' in payment ? (payment.providerRef ?? undefined) : undefined;
  return { key: paymentKey(payment), amount, currency, method, reference: orderId, ref };
}
