/** What has become of a payment, in the provider's eyes. `processing` is the one that does not last. */
type ProviderState = 'processing' | 'captured' | 'declined' | 'cancelled' | 'refunded';

/** A payment as its provider is asked about it. */
export interface PaymentRequest {
  /** Ours, of user and payment: the provider's idempotency key, so that whatever is repeated is one charge. */
  key: string;
  /** In minor units. */
  amount: number;
  currency: string;
  /** What the buyer pays with, as the provider calls it. */
  method: string;
  /** Our order, for who looks a charge up at the provider. */
  reference: string;
  /** The provider's own id, where it is known. */
  ref?: string | undefined;
}

export interface ProviderPayment {
  key: string;
  /** The provider's own id. Undefined for what it refused to begin. */
  ref?: string | undefined;
  state: ProviderState;
  /** Why it was declined. */
  reason?: string | undefined;
}

/** What a webhook tells. It may come late, twice and out of order. */
export interface WebhookEvent {
  id: string;
  /** Undefined for events that are no concern of ours. */
  payment: ProviderPayment | undefined;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * A payment provider. Every call may be repeated with the same key, and changes nothing the second time.
 *
 * All throw ProviderUnavailable where the outcome isn't known, and ProviderRefusal where our request was wrong.
 */
export interface PaymentProvider {
  readonly name: 'sandbox' | 'stripe';
  /** @returns `declined` also where the provider takes no such payment at all, as for an amount under its minimum. */
  charge(request: PaymentRequest, signal?: AbortSignal): Promise<ProviderPayment>;
  /** @returns undefined when no charge of this key has begun: then a charge may be asked for. */
  find(request: PaymentRequest, signal?: AbortSignal): Promise<ProviderPayment | undefined>;
  /** Calls a payment off, also one that the provider has never heard of: what arrives later is not charged. @returns `captured` when it was too late. */
  cancel(request: PaymentRequest, signal?: AbortSignal): Promise<ProviderPayment>;
  refund(request: PaymentRequest, signal?: AbortSignal): Promise<ProviderPayment>;
}

/** Reads what a provider sends by itself. */
export interface Webhooks {
  readonly provider: 'sandbox' | 'stripe';
  /**
   * @param body as it came, byte for byte: it is what was signed.
   * @throws InvalidWebhook
   */
  parse(body: Buffer, headers: Headers): WebhookEvent;
}

/** The provider did not answer, or not with an outcome: it may have done what it was asked, or not. */
export class ProviderUnavailable extends Error {
  override readonly name: string = 'ProviderUnavailable';
}

/** It was not even asked: it has not answered others, and is left in peace for a while. */
export class ProviderLeftInPeace extends ProviderUnavailable {
  override readonly name = 'ProviderLeftInPeace';
}

/** The provider says that our request is wrong: repeating it helps nobody. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
}

/** A webhook that its provider didn't send, or not now, or that can't be read. */
export class InvalidWebhook extends Error {
  override readonly name = 'InvalidWebhook';
  readonly problem: 'signature' | 'timestamp' | 'payload';

  constructor(problem: 'signature' | 'timestamp' | 'payload', message: string) {
    super(message);
    this.problem = problem;
  }
}
