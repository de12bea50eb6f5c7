import { randomUUID } from 'node:crypto';
import { createLogger } from '@tenfold/runtime';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { appendLive, isAfter, type LiveEntry, liveStream, readLive } from './live.ts';
import { createLiveFeed } from './live-feed.ts';
import type { OutboxRow } from './rows.ts';
import { openState, type State, until } from './testing/harness.ts';

let state: State;
beforeAll(async () => {
  state = openState(inject('stores').redis.state.url);
  await until('redis-state is there', () => state.redis.status === 'ready');
});
afterAll(() => state?.close());

let made = 0;
/** Ids that grow, as the database makes them. */
const anId = () => `019b7654-8c00-7abc-8def-${String((made += 1)).padStart(12, '0')}`;
const event = (userId: string, topic = 'order.paid', orderId = randomUUID()): OutboxRow => ({
  userId,
  id: anId(),
  topic,
  payload: { userId, orderId },
  pending: ['live'],
  createdAt: '2026-11-21T10:00:00.000Z',
});
const read = (userId: string, after?: string) => readLive(state.redis, userId, after);

describe('a live stream', () => {
  it('takes events in the order of their ids, each once', async () => {
    const userId = randomUUID();
    const [first, second] = [event(userId, 'order.placed'), event(userId, 'order.paid')];
    const { position } = await read(userId);
    await appendLive(state.redis, [second, first]);
    await appendLive(state.redis, [first, second]);
    const { outcome, entries } = await read(userId, position);
    expect([outcome, ...entries.map(({ topic }) => topic)]).toEqual(['ready', 'order.placed', 'order.paid']);
  });

  it('leaves out what a later event of the same order has overtaken', async () => {
    const [userId, orderId] = [randomUUID(), randomUUID()];
    const [placed, cancelled, other] = [
      event(userId, 'order.placed', orderId),
      event(userId, 'order.cancelled', orderId),
      event(userId, 'order.placed'),
    ];
    const { position } = await read(userId);
    await appendLive(state.redis, [cancelled]);
    await appendLive(state.redis, [placed, other]);
    const { entries } = await read(userId, position);
    expect(entries.map(({ topic, orderId: id }) => [topic, id === orderId])).toEqual([
      ['order.cancelled', true],
      ['order.placed', false],
    ]);
  });

  it('says what came after any position for which that is known, and `reset` for others', async () => {
    const userId = randomUUID();
    const empty = await read(userId);
    expect(await read(userId, empty.position)).toEqual({ outcome: 'ready', position: empty.position, entries: [] });
    await appendLive(
      state.redis,
      Array.from({ length: 150 }, () => event(userId)),
    );
    const { entries } = await read(userId, empty.position);
    expect(entries).toHaveLength(150);
    const early = entries[9]?.id ?? '';
    expect((await read(userId, early)).entries).toEqual(entries.slice(10));
    await appendLive(
      state.redis,
      Array.from({ length: 200 }, () => event(userId)),
    );
    expect(await state.redis.xlen(liveStream(userId))).toBeLessThan(350); // some are gone
    const newest = await read(userId);
    const kept = entries[149]?.id ?? '';
    expect(await read(userId, kept)).toMatchObject({ outcome: 'ready', position: kept });
    expect((await read(userId, kept)).entries).toHaveLength(200);
    const lost = { outcome: 'reset', position: newest.position, entries: [] };
    expect(await read(userId, early)).toEqual(lost);
    expect(await read(userId, empty.position)).toEqual(lost);
    expect(await read(userId, `${Date.now() + 60_000}-0`)).toEqual(lost);
    expect(await read(randomUUID(), `${Date.now() - 86_400_000}-0`)).toMatchObject({ outcome: 'reset' });
  });
});

describe('the live feed', () => {
  it("brings every user's events from its beginning on, in order", async () => {
    const feed = createLiveFeed(state.redis, createLogger({ name: 'test', level: 'silent' }));
    const heard: [string, LiveEntry][] = [];
    feed.listen({ event: (userId, entry) => void heard.push([userId, entry]), gap: () => undefined });
    await until('it is up', () => feed.up);
    const users: string[] = [randomUUID(), randomUUID()];
    const rows = Array.from({ length: 1200 }, (_, index) => event(users[index % 2] ?? ''));
    for (let from = 0; from < rows.length; from += 100) await appendLive(state.redis, rows.slice(from, from + 100));
    const mine = () => heard.filter(([userId]) => users.includes(userId));
    await until('all have come', () => mine().length === rows.length);
    for (const user of users) {
      const ids = mine().flatMap(([userId, { id }]) => (userId === user ? [id] : []));
      expect(ids.every((id, index) => index === 0 || isAfter(id, ids[index - 1] ?? ''))).toBe(true);
      const kept = (await state.redis.xrange(liveStream(user), '-', '+')).map(([id]) => id);
      expect(ids.slice(-kept.length)).toEqual(kept);
    }
    feed.close();
  });
});
