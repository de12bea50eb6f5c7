import { randomUUID } from 'node:crypto';
import type { Db } from '@tenfold/db';
import { startTestStores, type TestStores } from '@tenfold/local/testing';
import { createMetrics } from '@tenfold/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Consumer, createJobMetrics, type EffectHandler, startConsumer } from './consumer.ts';
import { listDeadLetters, replayDeadLetter } from './dead-letters.ts';
import { type EffectRun, RetryLater } from './effect.ts';
import { writeOutbox } from './outbox.ts';
import { jobId } from './queues.ts';
import type { Relay } from './relay.ts';
import { logger, openDb, openState, startTestRelay, type State, until } from './testing/harness.ts';

let stores: TestStores;
let db: Db;
let state: State;
let relay: Relay;
const consumers: Consumer[] = [];

beforeAll(async () => {
  stores = await startTestStores({ replicas: 0 });
  db = await openDb(stores.facts.postgres.primary.apiUrl);
  state = openState(stores.facts.redis.state.url);
  relay = startTestRelay(db, state);
});
afterAll(async () => {
  await relay?.close();
  await state?.close();
  await db?.close();
  await stores?.close();
});
beforeEach(async () => {
  await db.primary.query('DELETE FROM outbox');
  await db.primary.query('DELETE FROM dead_letters');
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close(0)));
});

function consume(receipt: EffectHandler): Consumer {
  const consumer = startConsumer({
    queue: 'mail',
    effects: { receipt },
    concurrency: 5,
    db,
    redis: state.consumerRedis,
    hint: state.hint,
    logger,
    metrics: createJobMetrics(createMetrics({})),
    lock: 1000,
  });
  consumers.push(consumer);
  return consumer;
}

async function commitPaid() {
  const userId = randomUUID();
  const payload = { userId, orderId: randomUUID() };
  const { value: id } = await db.primary.transaction((tx) => writeOutbox(tx, userId, { topic: 'order.paid', payload }));
  state.hint.wake();
  return { id, userId };
}
const isDone = async (id: string) =>
  (await db.primary.query('SELECT FROM outbox WHERE id = $1 AND done_at IS NOT NULL', [id])).length === 1;
const pass = (run: EffectRun) => run.commit(async () => undefined);

describe('an effect', () => {
  it('takes place once when two workers are at it at the same time', async () => {
    let begun = 0;
    let committed = 0;
    const both = Promise.withResolvers<void>();
    const run = async (effect: EffectRun) => {
      begun += 1;
      if (begun === 2) both.resolve();
      await both.promise;
      await effect.commit(async () => void (committed += 1));
    };
    consume({ run });
    const { id, userId } = await commitPaid();
    await until('it is begun', () => begun === 1);
    // As after a wiped redis-state: the same effect under another job.
    await state.queues.mail.add('receipt', { userId, eventId: id }, { jobId: `again.${id}` });
    await until('it is done', () => isDone(id));
    await until('both jobs are over', async () => (await state.queues.mail.getActiveCount()) === 0);
    expect({ begun, committed }).toEqual({ begun: 2, committed: 1 });
  });

  it('is held by one worker alone where it can not be asked about afterwards', async () => {
    let begun = 0;
    const gate = Promise.withResolvers<void>();
    const run = async (effect: EffectRun) => {
      begun += 1;
      await gate.promise;
      await pass(effect);
    };
    consume({ run, holdFor: 400 });
    const { id, userId } = await commitPaid();
    await until('it is begun', () => begun === 1);
    await state.queues.mail.add('receipt', { userId, eventId: id }, { jobId: `again.${id}` });
    await until('the other job waits', async () => (await state.queues.mail.getDelayedCount()) === 1);
    expect(begun).toBe(1);
    gate.resolve();
    await until('it is done', () => isDone(id));
    await until('the other job has found it done', async () => (await state.queues.mail.getDelayedCount()) === 0);
    expect(begun).toBe(1);
  });

  it('changes nothing when what goes with it fails, and is tried again', async () => {
    let tries = 0;
    const run = (effect: EffectRun) =>
      effect.commit(async (tx) => {
        tries += 1;
        await tx.query('UPDATE outbox SET topic = $1 WHERE id = $2', [`try ${tries}`, effect.eventId]);
        if (tries === 1) throw new Error('the first try fails');
      });
    consume({ run });
    const { id } = await commitPaid();
    await until('it is done', () => isDone(id));
    expect(await db.primary.query('SELECT topic FROM outbox WHERE id = $1', [id])).toEqual([{ topic: 'try 2' }]);
  });

  it('that can not be done now comes again, and never ends in the dead letters for it', async () => {
    let tries = 0;
    consume({
      async run(effect) {
        tries += 1;
        if (tries <= 12) throw new RetryLater('not yet', 1);
        await pass(effect);
      },
    });
    const { id } = await commitPaid();
    await until('it is done', () => isDone(id));
    expect(await listDeadLetters(db.primary)).toEqual([]);
  });
});

/** Uses up all tries but the last, which would take a minute. */
const lastTry = async (id: string) => {
  await until('it is in its queue', async () => (await state.queues.mail.getJob(jobId(id, 'receipt'))) !== undefined);
  await state.redis.hset(`tenfold:queue:mail:${jobId(id, 'receipt')}`, 'atm', 7);
};

describe('a poison job', () => {
  it('becomes a dead letter, and takes place once when it is replayed', async () => {
    await state.queues.mail.pause();
    let healed = false;
    let committed = 0;
    consume({
      async run(effect) {
        if (!healed) throw new Error('the printer is on fire');
        await effect.commit(async () => void (committed += 1));
      },
    });
    const { id, userId } = await commitPaid();
    await lastTry(id);
    await state.queues.mail.resume();
    await until('it is buried', async () => (await listDeadLetters(db.primary)).length === 1);
    const [letter] = await listDeadLetters(db.primary);
    expect(letter).toMatchObject({
      userId,
      eventId: id,
      effect: 'receipt',
      topic: 'order.paid',
      error: 'the printer is on fire',
      attempts: 8,
    });
    expect(await isDone(id)).toBe(true);

    healed = true;
    const replay = async () => (await db.primary.transaction((tx) => replayDeadLetter(tx, userId, letter?.id ?? '', randomUUID()))).value;
    expect(await Promise.all([replay(), replay(), replay()])).toEqual(expect.arrayContaining([true, false, false]));
    expect(await isDone(id)).toBe(false);
    state.hint.wake();
    await until('it is done', () => isDone(id));
    expect(committed).toBe(1);
    expect(await listDeadLetters(db.primary)).toEqual([]);
    expect(await listDeadLetters(db.primary, { replayed: true })).toHaveLength(1);
  });

  it('can be replayed when its event was cleared away', async () => {
    await state.queues.mail.pause();
    consume({ run: () => Promise.reject(new Error('no')) });
    const { id, userId } = await commitPaid();
    await lastTry(id);
    await state.queues.mail.resume();
    await until('it is buried', async () => (await listDeadLetters(db.primary)).length === 1);
    await db.primary.query('DELETE FROM outbox WHERE id = $1', [id]);
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close(0)));
    const [letter] = await listDeadLetters(db.primary);
    await db.primary.transaction((tx) => replayDeadLetter(tx, userId, letter?.id ?? '', randomUUID()));
    state.hint.wake();
    consume({ run: pass });
    await until('it is done', () => isDone(id));
    expect(await listDeadLetters(db.primary)).toEqual([]);
  });

  it('that breaks its contract becomes one too', async () => {
    await state.queues.mail.pause();
    consume({ run: pass });
    const { id } = await commitPaid();
    await db.primary.query(`UPDATE outbox SET payload = '{"orderId": 7}' WHERE id = $1`, [id]);
    await lastTry(id);
    await state.queues.mail.resume();
    await until('it is buried', async () => (await listDeadLetters(db.primary)).length === 1);
    expect((await listDeadLetters(db.primary))[0]?.error).toContain('order.paid');
  });
});

describe('a stopping consumer', () => {
  it('finishes what is under way, and leaves the rest to others', async () => {
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    const consumer = consume({
      async run(effect) {
        begun += 1;
        await gate.promise;
        await pass(effect);
      },
    });
    const events = await Promise.all(Array.from({ length: 8 }, commitPaid));
    await until('five are under way', () => begun === 5);
    const closed = consumer.close(10_000);
    gate.resolve();
    await closed;
    expect(begun).toBe(5);
    expect(await state.queues.mail.getActiveCount()).toBe(0);
    consume({ run: pass });
    await until('all are done', async () => (await Promise.all(events.map(({ id }) => isDone(id)))).every(Boolean));
  });

  it('releases what does not end in time: the job goes back and does not stall', async () => {
    const consumer = consume({
      run: ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('told to let go')))),
    });
    const { id } = await commitPaid();
    await until('it is under way', async () => (await state.queues.mail.getActiveCount()) === 1);
    await consumer.close(100);
    expect(await state.queues.mail.getActiveCount()).toBe(0);
    consume({ run: pass });
    await until('it is done', () => isDone(id), 900); // sooner than a stalled job would be found
  });
});
