import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';

const WAKE = 'tenfold:outbox:wake';
const POLLED = 'tenfold:outbox:polled';

/** Milliseconds between two looks at the outbox that no hint asked for, of all relays together: below one a second. */
const POLL_INTERVAL = 1250;

/** Seconds that a relay waits for a hint before it thinks of a poll. */
const BLOCK = 0.5;

/** Milliseconds after which a read that should have ended long ago means that the server hangs. */
const HANGS = 3000;

export interface OutboxHint {
  /** Tells one relay that something was committed. Never throws and waits for nothing: without it the next poll finds the row. */
  wake(): void;
}

/** A sorted set with one member: however many hints come before a relay takes it, it is one. */
export function createOutboxHint(redis: Redis): OutboxHint {
  let sending = false;
  let again = false;
  const send = () => {
    sending = true;
    again = false;
    void redis
      .zadd(WAKE, 0, 'wake')
      .catch(() => undefined)
      .finally(() => {
        sending = false;
        if (again) send();
      });
  };
  return {
    wake() {
      if (sending) again = true;
      else send();
    },
  };
}

export interface WakeUp {
  /** Resolves when a relay should look: a hint came, or it is its turn to poll. False: neither; ask again. */
  wait(): Promise<boolean>;
  close(): void;
}

/** @param redis a producer's connection; blocking needs one of its own, which is made from it. */
export function createWakeUp(redis: Redis): WakeUp {
  const reader = redis.duplicate({ commandTimeout: HANGS, connectionName: `${redis.options.connectionName ?? 'relay'} wake` });
  reader.on('error', () => undefined); // the producer's connection reports the same
  return {
    async wait() {
      try {
        if (await reader.bzpopmin(WAKE, BLOCK)) return true;
        return (await redis.set(POLLED, 1, 'PX', POLL_INTERVAL, 'NX')) === 'OK';
      } catch {
        // Without redis-state there is nowhere to publish to. A late answer would come to the wrong question.
        if (reader.status === 'ready') reader.disconnect(true);
        await wait(100);
        return false;
      }
    },
    close: () => reader.disconnect(),
  };
}
