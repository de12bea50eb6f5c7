import type { IncomingHttpHeaders } from 'node:http';
import type { Db } from '@tenfold/db';
import { type Actor, findPayment, settlePayment } from '@tenfold/orders';
import { InvalidWebhook, parsePaymentKey, type Webhooks } from '@tenfold/payments';
import { PaymentUnknown, ProviderUnknown, WebhookOutsideWindow, WebhookSignatureInvalid, WebhookUnreadable } from './errors.ts';

interface Options {
  db: Db;
  /** Undefined where no provider was given a secret to sign with. */
  webhooks: Webhooks | undefined;
  /** Called after something was committed from which events follow. @param refilled SKUs that can be bought again. */
  onSettled: (refilled: readonly string[]) => void;
}

const PROBLEMS = { signature: WebhookSignatureInvalid, timestamp: WebhookOutsideWindow, payload: WebhookUnreadable };

/** What payment providers tell us by themselves. They ask again until they hear 2xx, so a repeat is nothing special. */
export function createWebhookService({ db, webhooks, onSettled }: Options) {
  return {
    /** @throws ProviderUnknown, WebhookSignatureInvalid, WebhookOutsideWindow, WebhookUnreadable, PaymentUnknown */
    async receive(provider: string, body: Buffer, headers: IncomingHttpHeaders, actor: Actor): Promise<void> {
      if (provider !== webhooks?.provider) throw new ProviderUnknown();
      const { payment } = parse(webhooks, body, headers);
      if (!payment) return; // about something that we don't deal in
      const ref = parsePaymentKey(payment.key);
      const known = ref && (await findPayment(db.primary, ref));
      if (known?.provider !== provider) throw new PaymentUnknown();
      const { value: refilled } = await db.primary.transaction((tx) => settlePayment(tx, known, payment, actor));
      onSettled(refilled);
    },
  };
}
export type WebhookService = ReturnType<typeof createWebhookService>;

function parse(webhooks: Webhooks, body: Buffer, headers: IncomingHttpHeaders) {
  try {
    return webhooks.parse(body, headers);
  } catch (error) {
    if (error instanceof InvalidWebhook) throw new PROBLEMS[error.problem](error.message);
    throw error;
  }
}
