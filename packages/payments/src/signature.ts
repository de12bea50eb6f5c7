import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidWebhook } from './provider.ts';

/** Seconds that a webhook may be old, or ahead of our clock: older ones may be recordings. Stripe's default. */
export const REPLAY_WINDOW = 300;

/** `t=1700000000,v1=…`, Stripe's scheme: the time is signed with the body, so that neither can be exchanged. */
export function signWebhook(body: string | Buffer, secret: string, now = Date.now()): string {
  const time = Math.floor(now / 1000);
  return `t=${time},v1=${hmac(time, body, secret).toString('hex')}`;
}

/** @throws InvalidWebhook when the signature isn't ours, or is too old. */
export function verifyWebhook(body: Buffer, header: string | undefined, secret: string, now = Date.now()): void {
  const [, time, given] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? [];
  if (!time || !given) throw new InvalidWebhook('signature', 'The webhook carries no signature that can be read.');
  if (!timingSafeEqual(Buffer.from(given, 'hex'), hmac(Number(time), body, secret))) {
    throw new InvalidWebhook('signature', "The webhook's signature does not match its body.");
  }
  if (Math.abs(now / 1000 - Number(time)) > REPLAY_WINDOW) {
    throw new InvalidWebhook('timestamp', `The webhook was signed more than ${REPLAY_WINDOW} s ago, or in the future.`);
  }
}

function hmac(time: number, body: string | Buffer, secret: string): Buffer {
  return createHmac('sha256', secret).update(`${time}.`).update(body).digest();
}
