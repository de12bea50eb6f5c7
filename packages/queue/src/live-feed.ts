import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@tenfold/runtime';
import type { Redis } from 'ioredis';
import { beginFeed, LIVE_FEED, type LiveEntry, type LiveHistory, parseEntry, readLive } from './live.ts';

/** Milliseconds that a read waits for news. One that takes twice as long is a server that hangs. */
const BLOCK = 1000;
/** Entries of one read. */
const BATCH = 500;
/** Milliseconds between reads that found something: what comes meanwhile comes together, and bounds what a replica costs redis-state. */
const PAUSE = 10;

interface LiveFeedListener {
  event(userId: string, entry: LiveEntry): void;
  /** Events may have gone by unseen: whoever has an open stream has to be compared with the user's own. */
  gap(): void;
}

export interface LiveFeed {
  /** Whether events come in. */
  readonly up: boolean;
  /** Milliseconds since redis-state was last heard. */
  readonly silence: number;
  listen(listener: LiveFeedListener): void;
  /** What happened to a user's orders after a position; without one, where what happens from now on begins. */
  history(userId: string, after: string | undefined): Promise<LiveHistory>;
  close(): void;
}

/**
 * Reads every user's events over one connection, however many of the users are here.
 *
 * @param redis of redis-state; it gets two connections more. The reader's blocks. And nobody waits for histories as for an answer:
 * after a storm of openings, or while redis-state restarts, late is better than never.
 */
export function createLiveFeed(redis: Redis, logger: Logger): LiveFeed {
  const name = `${redis.options.connectionName ?? 'replica'} live`;
  const reader = redis.duplicate({ commandTimeout: 2 * BLOCK, enableAutoPipelining: false, connectionName: name });
  const past = redis.duplicate({
    commandTimeout: 2 * BLOCK,
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    connectionName: `${name} history`,
  });
  past.on('error', () => undefined); // the reader reports the same
  let listener: LiveFeedListener | undefined;
  let cursor: string | undefined;
  let heardAt = performance.now();
  const closing = new AbortController();
  let reported = false;

  const lost = (error: unknown) => {
    if (!reported && !closing.signal.aborted) logger.warn({ err: error }, 'the live feed is lost');
    reported = true;
    cursor = undefined;
  };
  reader.on('error', lost);

  const begin = async () => {
    const newest = await beginFeed(reader);
    heardAt = performance.now();
    reported = false;
    cursor = newest;
    listener?.gap();
    return newest;
  };

  const read = async (from: string) => {
    // The second answer is from after the first: without its beginning the feed was wiped, or is not what it was.
    const news = reader.xread('COUNT', BATCH, 'BLOCK', BLOCK, 'STREAMS', LIVE_FEED, from);
    const [answer, beginning] = await Promise.all([news, reader.xrange(LIVE_FEED, from, from)]);
    heardAt = performance.now();
    if (beginning.length === 0) {
      cursor = undefined;
      return;
    }
    for (const [id, fields] of answer?.[0]?.[1] ?? []) {
      cursor = id;
      const [, userId = '', , entryId = '', ...entry] = fields;
      if (userId) listener?.event(userId, parseEntry(entryId, entry));
    }
    if (answer) await wait(PAUSE);
  };

  const readOn = async () => {
    while (!closing.signal.aborted) {
      try {
        await read(cursor ?? (await begin()));
      } catch (error) {
        lost(error);
        if (reader.status === 'ready') reader.disconnect(true); // it hangs: its answer would come to the wrong question
        await wait(100);
      }
    }
  };

  return {
    get up() {
      return cursor !== undefined;
    },
    get silence() {
      return performance.now() - heardAt;
    },
    listen(one) {
      listener = one;
      void readOn();
    },
    history: (userId, after) => readLive(past, userId, after),
    close() {
      closing.abort();
      reader.disconnect();
      past.disconnect();
    },
  };
}
