import type { LiveEntry } from '@tenfold/queue';

/**
 * Why a stream ends, and the code with which a WebSocket says so. Codes below 4000 are the registry's
 * (https://www.iana.org/assignments/websocket), 44xx are ours, after the status that HTTP would have.
 */
export const END_CODES = {
  token_expired: 4401,
  token_revoked: 4401,
  slow_consumer: 4408,
  unexpected_message: 1008,
  draining: 1012,
  unavailable: 1013,
} as const;
export type EndReason = keyof typeof END_CODES;

/** What goes over a stream, whatever carries it. */
export interface Frame {
  /** Where to go on after it. */
  id?: string;
  event: string;
  data: object;
}

/** One open stream as the hub sees it: a WebSocket or Server-Sent Events. */
export interface Wire {
  send(frame: Frame): void;
  /** Shows both sides that the other one is there. @returns false when the peer did not answer the last time. */
  beat(): boolean;
  /** Bytes that the peer has not taken. */
  readonly buffered: number;
  /** Says goodbye and closes, without waiting for a peer that doesn't listen. @param retry milliseconds after which to come back. */
  end(reason: EndReason, retry: number): void;
  destroy(): void;
}

const STATES: Readonly<Record<string, string>> = { 'order.placed': 'pending' };

/** `order.paid`, and what a client needs to know: which order, and what it is now. */
export function orderFrame({ id, topic, orderId, at, reason }: LiveEntry): Frame {
  const state = STATES[topic] ?? topic.slice('order.'.length);
  return { id, event: topic, data: { orderId, state, at, ...(reason !== undefined && { reason }) } };
}

/** @param retry milliseconds. */
export function endFrame(reason: EndReason, retry: number): Frame {
  return { event: 'end', data: { reason, retry } };
}
