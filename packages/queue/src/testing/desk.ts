import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Db } from '@tenfold/db';
import { startTestStores } from '@tenfold/local/testing';
import { createMetrics } from '@tenfold/runtime';
import { type Consumer, createJobMetrics, startConsumer } from '../consumer.ts';
import type { EffectRun } from '../effect.ts';
import { writeOutbox } from '../outbox.ts';
import type { Relay } from '../relay.ts';
import { logger, openDb, openState, startTestRelay, until } from './harness.ts';

type RelayOptions = Parameters<typeof startTestRelay>[2];

/** Stores of its own, and what a test of the relay does with them. */
export async function openDesk() {
  const stores = await startTestStores({ replicas: 0 });
  const db = await openDb(stores.facts.postgres.primary.apiUrl);
  const state = openState(stores.facts.redis.state.url);
  const relays: Relay[] = [];
  const consumers: Consumer[] = [];
  await until('redis-state is there', () => state.redis.status === 'ready');

  const desk = {
    db,
    state,
    startRelay: (options: RelayOptions = {}) => void relays.push(startTestRelay(db, state, options)),

    /** @returns the events whose receipts take place, as they do. */
    countReceipts(): string[] {
      const receipts: string[] = [];
      const run = (effect: EffectRun) => effect.commit(async () => void receipts.push(effect.eventId));
      const metrics = createJobMetrics(createMetrics({}));
      const shared = { db, redis: state.consumerRedis, hint: state.hint, logger, metrics, lock: 1000, concurrency: 5 };
      consumers.push(startConsumer({ queue: 'mail', effects: { receipt: { run } }, ...shared }));
      return receipts;
    },

    /** Commits one `order.paid`. */
    async commitPaid({ hint = true, userId = randomUUID() } = {}) {
      const payload = { userId, orderId: randomUUID() };
      const { value: id } = await db.primary.transaction((tx) => writeOutbox(tx, userId, { topic: 'order.paid', payload }));
      if (hint) state.hint.wake();
      return { id, userId };
    },
    countRows: (condition: string) => countRows(db, condition),
    allPublished: () => until('all are published', async () => (await countRows(db, 'published_at IS NULL')) === 0),
    allDone: (within?: number) => until('every event is done', async () => (await countRows(db, 'done_at IS NULL')) === 0, within),

    /** A relay in a process of its own, which is killed when it has published and not yet marked. @returns what it died of. */
    async runDyingRelay(): Promise<NodeJS.Signals | null> {
      const file = fileURLToPath(new URL('dying-relay.ts', import.meta.url));
      const { postgres, redis } = stores.facts;
      const child = spawn(process.execPath, [file, postgres.primary.apiUrl, redis.state.url], { stdio: 'inherit' });
      const [, signal] = await once(child, 'exit');
      return signal;
    },

    /** Ends what was started, and forgets all events. */
    async clear() {
      await Promise.all([...relays.splice(0).map((relay) => relay.close()), ...consumers.splice(0).map((consumer) => consumer.close(0))]);
      await db.primary.query('DELETE FROM outbox');
      await state.redis.flushall();
    },
    async close() {
      await desk.clear();
      await state.close();
      await db.close();
      await stores.close();
    },
  };
  return desk;
}
export type Desk = Awaited<ReturnType<typeof openDesk>>;

async function countRows(db: Db, condition: string) {
  const [row] = await db.primary.query<{ count: number }>(`SELECT count(*)::int AS count FROM outbox WHERE ${condition}`);
  return row?.count;
}

/**
 * Three events, published by a relay that is killed before it can say so, and again by another.
 *
 * @returns how the first died, and the events that took effect, each as often as it did, beside those that were committed.
 */
export async function playDeath(desk: Desk) {
  await desk.clear();
  const receipts = desk.countReceipts();
  const committed = await Promise.all([1, 2, 3].map(async () => (await desk.commitPaid()).id));
  const diedOf = await desk.runDyingRelay();
  const marked = await desk.countRows('published_at IS NOT NULL');
  await until('its jobs were published', () => receipts.length > 0);
  desk.startRelay();
  await desk.allPublished();
  await desk.allDone();
  return { diedOf, marked, committed: committed.toSorted(), receipts: receipts.toSorted() };
}
