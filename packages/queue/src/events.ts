import { type Static, type TObject, Type } from 'typebox';
import { Value } from 'typebox/value';

const Id = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const Currency = Type.String({ pattern: '^[A-Z]{3}$' });
const Amount = Type.Integer({ minimum: 0, description: 'In minor units' });
const Reason = Type.String({ maxLength: 200 });
const Provider = Type.Enum(['sandbox', 'stripe']);

const strict = { additionalProperties: false } as const;
const order = { userId: Id, orderId: Id };
const payment = { ...order, paymentId: Id, provider: Provider };

/** A mail about an account. `reset_password` knows the address alone: whether it has an account is the worker's to find out. */
const AccountMail = Type.Union([
  Type.Object({ kind: Type.Literal('verify_email'), userId: Id }, strict),
  Type.Object({ kind: Type.Literal('reset_password'), email: Type.String({ maxLength: 320 }) }, strict),
  Type.Object(
    {
      kind: Type.Enum(['new_device', 'token_reuse']),
      userId: Id,
      sessionId: Type.Optional(Id),
      userAgent: Type.Optional(Type.String({ maxLength: 256 })),
    },
    strict,
  ),
]);

/**
 * Every event that may follow from a transaction: what it carries, and which effects it has. A field that is added is
 * optional; what changes otherwise is a new version, and the old one is read for as long as rows of it may be left.
 */
export const EVENTS = {
  'order.placed': {
    version: 1,
    payload: Type.Object({ ...payment, amount: Amount, currency: Currency, paymentMethod: Type.String({ maxLength: 64 }) }, strict),
    effects: ['charge', 'live'],
  },
  'order.paid': { version: 1, payload: Type.Object(order, strict), effects: ['receipt', 'live'] },
  'order.payment_failed': {
    version: 1,
    payload: Type.Object({ ...order, reason: Type.Optional(Reason) }, strict),
    effects: ['live'],
  },
  'order.cancelled': { version: 1, payload: Type.Object(order, strict), effects: ['live'] },
  'order.expired': { version: 1, payload: Type.Object(order, strict), effects: ['live'] },
  'order.fulfilled': { version: 1, payload: Type.Object(order, strict), effects: ['live'] },
  'order.refunded': { version: 1, payload: Type.Object(order, strict), effects: ['live'] },
  'payment.cancel': {
    version: 1,
    payload: Type.Object({ ...payment, reason: Type.Optional(Reason) }, strict),
    effects: ['cancel'],
  },
  'payment.refund': {
    version: 1,
    payload: Type.Object({ ...payment, amount: Amount, currency: Currency, reason: Type.Optional(Reason) }, strict),
    effects: ['refund'],
  },
  'account.mail': { version: 1, payload: AccountMail, effects: ['account_mail'] },
} as const satisfies Record<string, { version: number; payload: TObject | typeof AccountMail; effects: readonly Effect[] }>;

/** What an event leads to: a job each, but for `live`, which the relay does itself. */
export type Effect = 'charge' | 'cancel' | 'refund' | 'receipt' | 'account_mail' | 'live';

export type Topic = keyof typeof EVENTS;
export type Payload<T extends Topic> = Static<(typeof EVENTS)[T]['payload']>;

/** An event as its writer knows it. */
export type OutboxEvent = { [T in Topic]: { topic: T; payload: Payload<T> } }[Topic];

/** @throws when no such event is known, or its payload isn't what the contract says. */
export function parseEvent(topic: string, version: number, payload: unknown): OutboxEvent {
  const event: unknown = { topic, payload };
  if (!isTopic(topic)) throw new Error(`no event is called ${topic}`);
  if (version !== EVENTS[topic].version) throw new Error(`${topic} has no version ${version}`);
  if (isEvent(topic, event)) return event;
  const [error] = Value.Errors(EVENTS[topic].payload, payload);
  throw new Error(`${topic}${error?.instancePath ?? ''} ${error?.message ?? 'is not as agreed'}`);
}

function isTopic(topic: string): topic is Topic {
  return Object.hasOwn(EVENTS, topic);
}

function isEvent(topic: Topic, event: unknown): event is OutboxEvent {
  return Value.Check(EVENTS[topic].payload, Reflect.get(Object(event), 'payload'));
}
