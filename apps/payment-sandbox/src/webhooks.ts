import { setTimeout as wait } from 'node:timers/promises';
import { SANDBOX_SIGNATURE, signWebhook } from '@tenfold/payments';
import type { Logger } from '@tenfold/runtime';
import type { Event, Ledger } from './ledger.ts';

interface Options {
  url: string | undefined;
  secret: string;
  /** Milliseconds by which an event is late, at most. */
  delay: number;
  ledger: Ledger;
  logger: Logger;
}

/** Tries of an event that nobody takes; the next start of the sandbox begins again. */
const TRIES = 20;
const TIME_OUT = 5000;

/**
 * Sends events as the worst of providers do: each at a random time, so that they overtake one another, and each twice.
 * What was not delivered is tried again, more and more seldom.
 */
export function createWebhooks({ url, secret, delay, ledger, logger }: Options) {
  const closing = new AbortController();

  const post = async (target: string, event: Event): Promise<boolean> => {
    const body = JSON.stringify(event);
    const headers = { 'content-type': 'application/json', [SANDBOX_SIGNATURE]: signWebhook(body, secret) };
    try {
      const { ok, status } = await fetch(target, { method: 'POST', body, headers, signal: AbortSignal.timeout(TIME_OUT) });
      if (!ok) logger.warn({ event: event.id, status }, 'an event was not taken');
      return ok;
    } catch (error) {
      logger.warn({ err: error, event: event.id }, 'an event could not be delivered');
      return false;
    }
  };

  const deliver = async (target: string, event: Event) => {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      await wait(Math.random() * delay + Math.min(2 ** attempt * 100 - 100, 30_000), undefined, { signal: closing.signal });
      if (await post(target, event)) return;
    }
  };

  const send = (event: Event) => {
    if (!url) return;
    const both = Promise.all([deliver(url, event), deliver(url, event)]);
    both.then(() => ledger.delivered(event)).catch(() => undefined); // closing: the next start sends it
  };

  ledger.undelivered().forEach(send);
  return { send, close: () => closing.abort() };
}

export type Webhooks = ReturnType<typeof createWebhooks>;
