import type { Redis } from 'ioredis';
import type { OutboxRow } from './rows.ts';

/** Entries kept of each user's stream: more than a shop's customer makes in a day. Trimmed by whole nodes, so never to fewer. */
const MAX_LENGTH = 200;
/** Seconds that a stream outlives its last entry, and that an event's id is remembered. */
const LIFETIME = 86_400;

/** All users' events, for the replicas that stay: who falls behind by more reads the users' own streams. */
export const LIVE_FEED = 'tenfold:live:feed';
const FEED_LENGTH = 10_000;

/** Entries to look back for a newer event of the same order. */
const LOOK_BACK = 20;

/** Milliseconds of redis-state's clock before which nothing is known: it is as old as what redis-state has not lost. */
const SINCE = 'tenfold:live:since';
const SERVER = 'tenfold:live:server';

/** A change of an order, as it stands in its user's stream. */
export interface LiveEntry {
  /** Its place in the stream: `milliseconds-number`. */
  id: string;
  topic: string;
  orderId: string;
  /** When its transaction began (ISO 8601). */
  at: string;
  reason: string | undefined;
}

/** What to tell somebody who comes (back). */
export interface LiveHistory {
  /** `reset`: what followed the given position is no longer known here, and the orders have to be read again. */
  outcome: 'ready' | 'reset';
  /** All entries and whatever else comes are after this id. */
  position: string;
  entries: LiveEntry[];
}

/**
 * Adds an event to its user's stream and to the feed, unless it was added before (a relay that died may have done it), or a
 * later event of the same order was: then it says nothing any more, and last of all it must not be heard.
 */
const APPEND = `
  if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[1]) then return end
  for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ${LOOK_BACK})) do
    if entry[2][6] == ARGV[6] and entry[2][2] > ARGV[4] then return end
  end
  local fields = { 'id', ARGV[4], 'topic', ARGV[5], 'order', ARGV[6], 'at', ARGV[7], 'reason', ARGV[8] }
  local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(fields))
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ${FEED_LENGTH}, '*', 'user', ARGV[3], 'entry', id, unpack(fields))`;

const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function text(number) return string.format('%.0f', number) end`;

/**
 * A position is good when nothing after it can have been lost: redis-state has lost nothing since, the stream can't have
 * expired with entries after it, it isn't from the future (a clock that was set back), and nothing after it was trimmed.
 */
const HISTORY = `#!lua flags=allow-oom
  ${NOW}
  redis.call('SET', KEYS[2], text(now), 'NX')
  local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  local position = newest and newest[1] or text(now - 1) .. '-0'
  if ARGV[1] == '' then return { 'ready', position, {} } end
  local from = tonumber(string.match(ARGV[1], '^%d+'))
  local kept = from + 1 >= tonumber(redis.call('GET', KEYS[2])) and from <= now + 1000 and now - from < ${LIFETIME * 1000}
  local whole = redis.call('XLEN', KEYS[1]) < ${MAX_LENGTH} or #redis.call('XRANGE', KEYS[1], '-', ARGV[1], 'COUNT', 1) > 0
  if not (kept and whole) then return { 'reset', position, {} } end
  return { 'ready', ARGV[1], redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+') }`;

/** Another process than before may have lost the last second of its log: what came before it can't be relied on. */
const BEGIN = `#!lua flags=allow-oom
  ${NOW}
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then
    redis.call('SET', KEYS[2], ARGV[1])
    redis.call('SET', KEYS[1], text(now))
  end
  redis.call('SET', KEYS[1], text(now), 'NX')
  local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
  return newest and newest[1] or redis.call('XADD', KEYS[3], '*', 'user', '')`;

/** The key of a user's live stream. */
export function liveStream(userId: string): string {
  return `tenfold:live:{${userId}}`;
}

/** Puts events on their users' live streams in the order of their ids, each once. @throws when redis-state did not take all of them. */
export async function appendLive(redis: Redis, rows: readonly OutboxRow[]): Promise<void> {
  const pipeline = redis.pipeline();
  // UPDATE … RETURNING, by which rows are claimed, has no order; ids are made in that of the transactions.
  for (const { userId, id, topic, createdAt, payload } of rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const stream = liveStream(userId);
    const { orderId = '', reason = '' }: { orderId?: string; reason?: string } = Object(payload);
    pipeline.eval(APPEND, 3, stream, `${stream}:${id}`, LIVE_FEED, LIFETIME, MAX_LENGTH, userId, id, topic, orderId, createdAt, reason);
  }
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** What happened to a user's orders after a position; without one, where what happens from now on begins. */
export async function readLive(redis: Redis, userId: string, after: string | undefined): Promise<LiveHistory> {
  const answer: unknown = await redis.eval(HISTORY, 2, liveStream(userId), SINCE, after ?? '');
  const [outcome, position, entries] = Array.isArray(answer) ? answer : [];
  if (!Array.isArray(entries)) throw new Error('redis-state gave no history');
  return {
    outcome: outcome === 'ready' ? 'ready' : 'reset',
    position: String(position),
    entries: entries.map(([id, fields]) => parseEntry(String(id), fields)),
  };
}

/** Where a reader of the feed begins. @returns the id of its newest entry; there always is one. */
export async function beginFeed(redis: Redis): Promise<string> {
  const runId = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1];
  if (runId === undefined) throw new Error('redis-state has no run_id');
  return String(await redis.eval(BEGIN, 3, SINCE, SERVER, LIVE_FEED, runId));
}

/** @param fields names and values in turn, as Redis gives them. */
export function parseEntry(id: string, fields: readonly string[]): LiveEntry {
  const value = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
  return { id, topic: value('topic'), orderId: value('order'), at: value('at'), reason: value('reason') || undefined };
}

/** Whether an entry comes after another one, by their ids. */
export function isAfter(a: string, b: string): boolean {
  const [aTime = 0, aNumber = 0] = a.split('-').map(Number);
  const [bTime = 0, bNumber = 0] = b.split('-').map(Number);
  return aTime > bTime || (aTime === bTime && aNumber > bNumber);
}
