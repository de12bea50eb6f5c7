import { Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  InvalidWebhook,
  type PaymentProvider,
  type PaymentRequest,
  type ProviderPayment,
  ProviderRefusal,
  ProviderUnavailable,
  type Webhooks,
} from './provider.ts';
import { verifyWebhook } from './signature.ts';

/** The header that a sandbox webhook is signed in. */
export const SANDBOX_SIGNATURE = 'sandbox-signature';

/** A charge as the sandbox shows it. */
export const SandboxCharge = Type.Object({
  id: Type.String({ description: "The sandbox's own id" }),
  key: Type.String({ description: 'The idempotency key that it was asked for with' }),
  state: Type.Enum(['processing', 'captured', 'declined', 'cancelled', 'refunded']),
  amount: Type.Integer(),
  currency: Type.String(),
  method: Type.String(),
  reference: Type.String(),
  reason: Type.Optional(Type.String()),
  captures: Type.Integer({ description: 'How often money was taken' }),
  refunds: Type.Integer({ description: 'How often money was given back' }),
});

export const SandboxEvent = Type.Object({ id: Type.String(), type: Type.String(), created: Type.Integer(), data: SandboxCharge });

interface Options {
  /** Of the sandbox: `http://127.0.0.1:4100`. */
  url: string;
  /** Milliseconds that a request may take. */
  timeout: number;
}

/** The client of `apps/payment-sandbox`. */
export function createSandboxProvider({ url, timeout }: Options): PaymentProvider {
  const ask = async (method: string, path: string, body: object | undefined, signal?: AbortSignal) => {
    const limit = AbortSignal.timeout(timeout);
    const response = await fetch(`${url}${path}`, {
      method,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }).then(read, unavailable);
    if (response.status >= 500 || response.status === 429) throw new ProviderUnavailable(`the sandbox answered ${response.status}`);
    return response;
  };
  const change = async (path: string, request: PaymentRequest, signal?: AbortSignal) => {
    const { key, amount, currency, method, reference } = request;
    const response = await ask('PUT', path, { key, amount, currency, method, reference }, signal);
    if (response.status >= 400) throw new ProviderRefusal(`the sandbox answered ${response.status}: ${response.text.slice(0, 200)}`);
    return toPayment(response.text);
  };

  return {
    name: 'sandbox',
    charge: (request, signal) => change(at(request), request, signal),
    cancel: (request, signal) => change(at(request, '/cancel'), request, signal),
    refund: (request, signal) => change(at(request, '/refund'), request, signal),
    async find(request, signal) {
      const { status, text } = await ask('GET', at(request), undefined, signal);
      if (status === 404) return undefined;
      if (status >= 400) throw new ProviderRefusal(`the sandbox answered ${status}: ${text.slice(0, 200)}`);
      return toPayment(text);
    },
  };
}

/** Reads the webhooks of `apps/payment-sandbox`. */
export function createSandboxWebhooks(secret: string): Webhooks {
  return {
    provider: 'sandbox',
    parse(body, headers) {
      const signature = headers[SANDBOX_SIGNATURE];
      verifyWebhook(body, typeof signature === 'string' ? signature : undefined, secret);
      const event = parseJson(body.toString());
      if (!Value.Check(SandboxEvent, event)) throw new InvalidWebhook('payload', 'The webhook is not an event of the sandbox.');
      const { id, data } = event;
      return { id, payment: { key: data.key, ref: data.id, state: data.state, reason: data.reason } };
    },
  };
}

function at({ key }: PaymentRequest, action = ''): string {
  return `/charges/${encodeURIComponent(key)}${action}`;
}

async function read(response: Response) {
  return { status: response.status, text: await response.text().catch(unavailable) };
}

function unavailable(error: unknown): never {
  throw new ProviderUnavailable('the sandbox did not answer', { cause: error });
}

function toPayment(text: string): ProviderPayment {
  const charge = parseJson(text);
  if (!Value.Check(SandboxCharge, charge)) throw new ProviderUnavailable('the sandbox answered with something that is no charge');
  return { key: charge.key, ref: charge.id, state: charge.state, reason: charge.reason };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
