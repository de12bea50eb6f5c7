import { randomUUID } from 'node:crypto';
import type { Sql } from '@tenfold/db';
import { createMetrics } from '@tenfold/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { liveStream } from './live.ts';
import { writeOutbox } from './outbox.ts';
import { exportQueueMetrics } from './queue-metrics.ts';
import { type Desk, openDesk, playDeath } from './testing/desk.ts';
import { until } from './testing/harness.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterEach(() => desk.clear());
afterAll(() => desk?.close());

describe('the relay', () => {
  it('publishes what was committed, and nothing of what was rolled back', async () => {
    const receipts = desk.countReceipts();
    desk.startRelay();
    const userId = randomUUID();
    const rolledBack = desk.db.primary.transaction(async (tx) => {
      await writeOutbox(tx, userId, { topic: 'order.paid', payload: { userId, orderId: randomUUID() } });
      throw new Error('changed my mind');
    });
    await expect(rolledBack).rejects.toThrow('changed my mind');
    const { id } = await desk.commitPaid();
    await desk.allDone();
    expect(receipts).toEqual([id]);
  });

  it('writes live streams in the order of the events, each once', async () => {
    const userId = randomUUID();
    const first = await desk.commitPaid({ hint: false, userId });
    const second = await desk.commitPaid({ hint: false, userId });
    desk.startRelay();
    await desk.allPublished();
    await desk.db.primary.query('UPDATE outbox SET published_at = NULL'); // as if the relay had died before it marked them
    await desk.allPublished();
    const entries = await desk.state.redis.xrange(liveStream(userId), '-', '+');
    expect(entries.map(([, fields]) => fields[1])).toEqual([first.id, second.id]);
  });

  it('finds what no hint told it of', async () => {
    const receipts = desk.countReceipts();
    desk.startRelay();
    const { id } = await desk.commitPaid({ hint: false });
    await desk.allDone(4000);
    expect(receipts).toEqual([id]);
  });

  it('shares the work with other relays, and no event is done twice', async () => {
    const receipts = desk.countReceipts();
    const ids = await Promise.all(Array.from({ length: 450 }, async () => (await desk.commitPaid()).id));
    for (let relay = 0; relay < 4; relay += 1) desk.startRelay({ lease: 10_000 });
    await desk.allDone();
    expect(receipts.toSorted()).toEqual(ids.toSorted());
    expect(await desk.countRows('attempts <> 1')).toBe(0);
  });

  it('looks less than once a second while nothing happens, however many relays there are', async () => {
    let statements = 0;
    const sql: Sql = {
      query(text, values) {
        statements += 1;
        return desk.db.primary.query(text, values);
      },
    };
    for (let relay = 0; relay < 5; relay += 1) desk.startRelay({ sql });
    await until('the relays look', () => statements > 0);
    statements = 0;
    const started = performance.now();
    await until('6 s are over', () => performance.now() - started > 6000, 7000);
    expect(statements / 6).toBeLessThanOrEqual(1);
    expect(statements).toBeGreaterThan(0);
  });

  it('has an event in its queue within 250 ms of its commit, 99 times of 100', async () => {
    desk.countReceipts();
    desk.startRelay();
    desk.startRelay();
    const COMMITS = 300;
    await until('the relays look', async () => (await desk.state.redis.exists('tenfold:outbox:server')) === 1);
    const committedAt = new Map<string, number>();
    for (let commit = 0; commit < COMMITS; commit += 1) committedAt.set((await desk.commitPaid()).id, Date.now());
    await desk.allDone();
    const rows = await desk.db.primary.query<{ id: string; at: string }>('SELECT id, published_at AS at FROM outbox');
    const delays = rows.map(({ id, at }) => Date.parse(at) - (committedAt.get(id) ?? 0)).toSorted((a, b) => a - b);
    expect(delays).toHaveLength(COMMITS);
    expect(delays[Math.floor(COMMITS * 0.99)]).toBeLessThan(250);
  });
});

describe('a relay that is killed between publishing and marking', () => {
  it.each([1, 2, 3, 4, 5])('loses nothing and doubles nothing (round %i)', async () => {
    const { diedOf, marked, committed, receipts } = await playDeath(desk);
    expect({ diedOf, marked }).toEqual({ diedOf: 'SIGKILL', marked: 0 });
    expect(receipts).toEqual(committed);
  });
});

describe('redis-state', () => {
  it('may be wiped with work under way: it is made again from the outbox', async () => {
    desk.startRelay();
    await until('redis-state is known', async () => (await desk.state.redis.exists('tenfold:outbox:server')) === 1);
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await desk.commitPaid()).id));
    await desk.allPublished();
    await desk.state.redis.flushall();
    const receipts = desk.countReceipts();
    await desk.allDone();
    expect(receipts.toSorted()).toEqual(ids.toSorted());
  });

  it('may lose single jobs: they are published again after a while', async () => {
    desk.startRelay({ republishAfter: 100 });
    const { id } = await desk.commitPaid();
    await desk.allPublished();
    await desk.state.queues.mail.obliterate({ force: true });
    await desk.state.redis.del('tenfold:outbox:republished');
    const receipts = desk.countReceipts();
    await desk.allDone();
    expect(receipts).toEqual([id]);
  });
});

describe('metrics', () => {
  it('show what waits at this scrape, the first one too', async () => {
    const metrics = createMetrics({});
    exportQueueMetrics(desk.db.primary, desk.state.queues, metrics);
    const userId = randomUUID();
    await writeOutbox(desk.db.primary, userId, { topic: 'order.paid', payload: { userId, orderId: randomUUID() } });
    await desk.db.primary.query("UPDATE outbox SET created_at = now() - interval '1 minute'");
    const text = await metrics.metrics();
    expect(text).toContain('outbox_waiting 1');
    expect(text).toMatch(/outbox_oldest_waiting_seconds 60/);
    expect(text).toContain('queue_oldest_waiting_seconds{queue="mail"} 0');
    expect(text).toContain('queue_jobs{queue="mail",state="waiting"} 0');
  });
});
