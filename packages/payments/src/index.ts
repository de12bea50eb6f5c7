export { withBreaker } from './breaker.ts';
export { parsePaymentKey, paymentKey } from './payment-key.ts';
export {
  InvalidWebhook,
  type PaymentProvider,
  type PaymentRequest,
  ProviderLeftInPeace,
  type ProviderPayment,
  ProviderRefusal,
  ProviderUnavailable,
  type Webhooks,
} from './provider.ts';
export { createSandboxProvider, createSandboxWebhooks, SANDBOX_SIGNATURE, SandboxCharge, SandboxEvent } from './sandbox.ts';
export { signWebhook } from './signature.ts';
export { createStripeProvider, createStripeWebhooks } from './stripe.ts';
