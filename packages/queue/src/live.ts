import type { Redis } from 'ioredis';
import type { OutboxRow } from './rows.ts';

/** Entries kept of each user's stream: more than a shop's customer makes in a day. */
const MAX_LENGTH = 200;
/** Seconds that a stream outlives its last entry, and that an event's id is remembered. */
const LIFETIME = 86_400;

/** Adds an event to its user's stream unless it was added before: a relay that died may have done it. */
const APPEND = `
  if redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[1]) then
    local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'id', ARGV[3], 'topic', ARGV[4], 'at', ARGV[5], 'payload', ARGV[6])
    redis.call('EXPIRE', KEYS[1], ARGV[1])
    return id
  end`;

/** The key of a user's live stream. The braces keep it and the ids seen on it in one slot of a Redis cluster. */
export function liveStream(userId: string): string {
  return `tenfold:live:{${userId}}`;
}

/** Puts events on their users' live streams, in this order, each once. @throws when redis-state did not take all of them. */
export async function appendLive(redis: Redis, rows: readonly OutboxRow[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const { userId, id, topic, createdAt, payload } of rows) {
    const stream = liveStream(userId);
    pipeline.eval(APPEND, 2, stream, `${stream}:${id}`, LIFETIME, MAX_LENGTH, id, topic, createdAt, JSON.stringify(payload));
  }
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}
