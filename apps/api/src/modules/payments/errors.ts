import createError from '@fastify/error';

export const WebhookSignatureInvalid = createError('WEBHOOK_SIGNATURE_INVALID', '%s', 400);
export const WebhookOutsideWindow = createError('WEBHOOK_OUTSIDE_WINDOW', '%s', 400);
export const WebhookUnreadable = createError('WEBHOOK_UNREADABLE', '%s', 400);
export const ProviderUnknown = createError('PROVIDER_UNKNOWN', 'No payment provider of that name sends webhooks here', 404);
export const PaymentUnknown = createError('PAYMENT_UNKNOWN', 'There is no such payment', 404);
