import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Db, Sql } from '@tenfold/db';
import { startTestStores, type TestStores } from '@tenfold/local/testing';
import { createMetrics } from '@tenfold/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Consumer, createJobMetrics, startConsumer } from './consumer.ts';
import type { EffectRun } from './effect.ts';
import { liveStream } from './live.ts';
import { writeOutbox } from './outbox.ts';
import type { Relay } from './relay.ts';
import { logger, openDb, openState, startTestRelay, type State, until } from './testing/harness.ts';

let stores: TestStores;
let db: Db;
let state: State;
const relays: Relay[] = [];
const consumers: Consumer[] = [];

beforeAll(async () => {
  stores = await startTestStores({ replicas: 0 });
  db = await openDb(stores.facts.postgres.primary.apiUrl);
  state = openState(stores.facts.redis.state.url);
});
afterAll(async () => {
  await state?.close();
  await db?.close();
  await stores?.close();
});
beforeEach(async () => {
  await db.primary.query('DELETE FROM outbox');
  await until('redis-state is there', () => state.redis.status === 'ready');
  await state.redis.flushall();
});
afterEach(async () => {
  await Promise.all([...relays.splice(0).map((relay) => relay.close()), ...consumers.splice(0).map((consumer) => consumer.close(0))]);
});

const startRelayNow = (...args: Parameters<typeof startTestRelay> extends [Db, State, ...infer Rest] ? Rest : never) =>
  relays.push(startTestRelay(db, state, ...args));

/** Counts the receipts that take place. */
function countReceipts() {
  const receipts: string[] = [];
  const run = (effect: EffectRun) => effect.commit(async () => void receipts.push(effect.eventId));
  consumers.push(
    startConsumer({
      queue: 'mail',
      effects: { receipt: { run } },
      concurrency: 5,
      db,
      redis: state.consumerRedis,
      hint: state.hint,
      logger,
      metrics: createJobMetrics(createMetrics({})),
      lock: 1000,
    }),
  );
  return receipts;
}

/** Commits one `order.paid`. @returns its id and user. */
async function commitPaid({ hint = true, userId = randomUUID() } = {}) {
  const payload = { userId, orderId: randomUUID() };
  const { value: id } = await db.primary.transaction((tx) => writeOutbox(tx, userId, { topic: 'order.paid', payload }));
  if (hint) state.hint.wake();
  return { id, userId };
}
const countRows = async (condition: string) => {
  const [row] = await db.primary.query<{ count: number }>(`SELECT count(*)::int AS count FROM outbox WHERE ${condition}`);
  return row?.count;
};
const allDone = (within?: number) => until('every event is done', async () => (await countRows('done_at IS NULL')) === 0, within);

describe('the relay', () => {
  it('publishes what was committed, and nothing of what was rolled back', async () => {
    const receipts = countReceipts();
    startRelayNow();
    const userId = randomUUID();
    const rolledBack = db.primary.transaction(async (tx) => {
      await writeOutbox(tx, userId, { topic: 'order.paid', payload: { userId, orderId: randomUUID() } });
      throw new Error('changed my mind');
    });
    await expect(rolledBack).rejects.toThrow('changed my mind');
    const { id } = await commitPaid();
    await allDone();
    expect(receipts).toEqual([id]);
  });

  it('writes live streams in the order of the events, each once', async () => {
    const userId = randomUUID();
    const first = await commitPaid({ hint: false, userId });
    const second = await commitPaid({ hint: false, userId });
    startRelayNow();
    await until('both are published', async () => (await countRows('published_at IS NULL')) === 0);
    await db.primary.query('UPDATE outbox SET published_at = NULL'); // as if the relay had died before it marked them
    await until('both are published again', async () => (await countRows('published_at IS NULL')) === 0);
    const entries = await state.redis.xrange(liveStream(userId), '-', '+');
    expect(entries.map(([, fields]) => fields[1])).toEqual([first.id, second.id]);
  });

  it('finds what no hint told it of', async () => {
    const receipts = countReceipts();
    startRelayNow();
    const { id } = await commitPaid({ hint: false });
    await allDone(4000);
    expect(receipts).toEqual([id]);
  });

  it('shares the work with other relays, and no event is done twice', async () => {
    const receipts = countReceipts();
    const ids = await Promise.all(Array.from({ length: 450 }, async () => (await commitPaid()).id));
    for (let relay = 0; relay < 4; relay += 1) startRelayNow();
    await allDone();
    expect(receipts.toSorted()).toEqual(ids.toSorted());
    expect(await countRows('attempts <> 1')).toBe(0);
  });

  it('looks less than once a second while nothing happens, however many relays there are', async () => {
    let statements = 0;
    const sql: Sql = {
      query(text, values) {
        statements += 1;
        return db.primary.query(text, values);
      },
    };
    for (let relay = 0; relay < 5; relay += 1) startRelayNow({ sql });
    await until('the relays look', () => statements > 0);
    statements = 0;
    const started = performance.now();
    await until('6 s are over', () => performance.now() - started > 6000, 7000);
    expect(statements / 6).toBeLessThanOrEqual(1);
    expect(statements).toBeGreaterThan(2);
  });

  it('has an event in its queue within 250 ms of its commit, 99 times of 100', async () => {
    countReceipts();
    startRelayNow();
    startRelayNow();
    const COMMITS = 300;
    await until('the relays look', async () => (await state.redis.exists('tenfold:outbox:server')) === 1);
    const committedAt = new Map<string, number>();
    for (let commit = 0; commit < COMMITS; commit += 1) {
      const { id } = await commitPaid();
      committedAt.set(id, Date.now());
    }
    await allDone();
    const rows = await db.primary.query<{ id: string; publishedAt: string }>('SELECT id, published_at AS "publishedAt" FROM outbox');
    const delays = rows.map(({ id, publishedAt }) => Date.parse(publishedAt) - (committedAt.get(id) ?? 0)).toSorted((a, b) => a - b);
    expect(delays).toHaveLength(COMMITS);
    expect(delays[Math.floor(COMMITS * 0.99)]).toBeLessThan(250);
  });
});

describe('a relay that is killed between publishing and marking', () => {
  it.each([1, 2, 3, 4, 5])('loses nothing and doubles nothing (round %i)', async () => {
    const receipts = countReceipts();
    const ids = await Promise.all([1, 2, 3].map(async () => (await commitPaid()).id));
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('testing/dying-relay.ts', import.meta.url)),
        stores.facts.postgres.primary.apiUrl,
        stores.facts.redis.state.url,
      ],
      { stdio: 'inherit' },
    );
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    expect(await countRows('published_at IS NOT NULL')).toBe(0);
    await until('its jobs were published', () => receipts.length > 0);
    startRelayNow();
    await until('all are published', async () => (await countRows('published_at IS NULL')) === 0);
    await allDone();
    expect(receipts.toSorted()).toEqual(ids.toSorted());
  });
});

describe('redis-state', () => {
  it('may be wiped with work under way: it is made again from the outbox', async () => {
    startRelayNow();
    await until('redis-state is known', async () => (await state.redis.exists('tenfold:outbox:server')) === 1);
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await commitPaid()).id));
    await until('all are published', async () => (await countRows('published_at IS NULL')) === 0);
    await state.redis.flushall();
    const receipts = countReceipts();
    await allDone();
    expect(receipts.toSorted()).toEqual(ids.toSorted());
  });

  it('may lose single jobs: they are published again after a while', async () => {
    startRelayNow({ republishAfter: 100 });
    const { id } = await commitPaid();
    await until('it is published', async () => (await countRows('published_at IS NULL')) === 0);
    await state.queues.mail.obliterate({ force: true });
    await state.redis.del('tenfold:outbox:republished');
    const receipts = countReceipts();
    await allDone();
    expect(receipts).toEqual([id]);
  });
});
