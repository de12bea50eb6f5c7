export { withBreaker } from './breaker.ts';
export { parsePaymentKey, paymentKey } from './payment-key.ts';
export {
  InvalidWebhook,
  type PaymentProvider,
  type PaymentRequest,
  type ProviderPayment,
  ProviderRefusal,
  ProviderUnavailable,
  type WebhookEvent,
} from './provider.ts';
export { createSandboxProvider, SANDBOX_SIGNATURE, SandboxCharge, SandboxEvent } from './sandbox.ts';
export { signWebhook } from './signature.ts';
export { createStripeProvider } from './stripe.ts';
