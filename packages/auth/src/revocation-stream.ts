import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@tenfold/runtime';
import type { Redis } from 'ioredis';

/** A session that ended, or an account whose older tokens are no longer good. */
export type Revocation = { kind: 'session'; sessionId: string } | { kind: 'user'; userId: string; version: number };

/** The way by which replicas tell each other at once; what is lost on it is found by polling the database. */
export interface RevocationStream {
  readonly connected: boolean;
  /** When it last answered, in milliseconds of the epoch; 0 at first. */
  readonly heardAt: number;
  publish(revocation: Revocation): Promise<void>;
  listen(listener: (revocation: Revocation) => void): void;
  close(): Promise<void>;
}

const KEY = 'tenfold:revocations';

/** Entries kept: ten minutes of mass sign-outs; older ones have been polled long since. */
const MAX_LENGTH = 10_000;

/** Milliseconds that a read waits for news. One that takes twice as long is a server that hangs. */
const BLOCK = 1000;

/** @param redis of redis-state; the reader gets a connection of its own, since it blocks. */
export function createRedisRevocationStream(redis: Redis, logger: Logger): RevocationStream {
  const listeners: ((revocation: Revocation) => void)[] = [];
  const reader = redis.duplicate({ commandTimeout: 2 * BLOCK, enableAutoPipelining: false });
  let connected = false;
  let heardAt = 0;
  const closing = new AbortController();
  let lastId = '$';

  const lost = (error: unknown) => {
    if (connected) logger.warn({ err: error }, 'the revocation stream is lost: polling the database');
    connected = false;
  };
  reader.on('error', lost);

  const readOn = async () => {
    while (!closing.signal.aborted) {
      try {
        // "$" means "from now on", and would miss what comes between two reads: hold on to a real id from the start.
        if (lastId === '$') lastId = (await newestId(reader)) ?? '0-0';
        const answer = await reader.xread('BLOCK', BLOCK, 'STREAMS', KEY, lastId);
        heardAt = Date.now();
        connected = true;
        for (const [, entries] of answer ?? []) {
          for (const [id, fields] of entries) {
            lastId = id;
            const revocation = parse(fields);
            if (revocation) for (const listener of listeners) listener(revocation);
          }
        }
      } catch (error) {
        lost(error);
        if (reader.status === 'ready') reader.disconnect(true); // it hangs: its answer would come to the wrong question
        await wait(100);
      }
    }
  };
  void readOn();

  return {
    get connected() {
      return connected;
    },
    get heardAt() {
      return heardAt;
    },
    async publish(revocation) {
      await redis.xadd(KEY, 'MAXLEN', '~', MAX_LENGTH, '*', 'revocation', JSON.stringify(revocation));
    },
    listen: (listener) => void listeners.push(listener),
    async close() {
      closing.abort();
      reader.disconnect();
    },
  };
}

async function newestId(reader: Redis): Promise<string | undefined> {
  const [newest] = await reader.xrevrange(KEY, '+', '-', 'COUNT', 1);
  return newest?.[0];
}

function parse(fields: readonly string[]): Revocation | undefined {
  try {
    const { kind, sessionId, userId, version } = JSON.parse(fields[1] ?? '');
    if (kind === 'session' && typeof sessionId === 'string') return { kind, sessionId };
    if (kind === 'user' && typeof userId === 'string' && Number.isInteger(version)) return { kind, userId, version };
    return undefined;
  } catch {
    return undefined;
  }
}
