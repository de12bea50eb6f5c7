import { setTimeout as wait } from 'node:timers/promises';
import type { Sql } from '@tenfold/db';
import { Counter, Histogram, type Logger, type Registry } from '@tenfold/runtime';
import type { Redis } from 'ioredis';
import { appendLive } from './live.ts';
import { createLossDetector } from './loss.ts';
import { EFFECT_JOB, type EffectJob, isJob, jobId, QUEUE_OF, QUEUES, type Queues } from './queues.ts';
import { claim, forgetPublished, markPublished, type OutboxRow, release } from './rows.ts';
import { createOutboxHint, createWakeUp } from './wake.ts';

interface Options {
  sql: Sql;
  redis: Redis;
  queues: Queues;
  logger: Logger;
  metrics: Registry;
  /** Milliseconds after which what a relay claimed and did not publish is another's to take. */
  lease: number;
  /** Milliseconds after which what was published and is not done is published again. */
  republishAfter: number;
  /** Called after redis-state was found empty or exchanged: what else lives there has to be made again. */
  onStateLost: () => Promise<void>;
}

export interface Relay {
  /** Publishes no more; resolves when what is under way is marked. */
  close(): Promise<void>;
}

/** Rows of one claim. */
const BATCH = 100;
/** Milliseconds between two questions of one relay whether redis-state is still the one it was. */
const CHECK_INTERVAL = 1000;
/** Rows that are made to wait again by one statement. */
const FORGET_BATCH = 1000;

/**
 * Carries events from the outbox to the queues and live streams. Any number of them may run: each row is leased to one
 * at a time. Publishing twice does no harm, so a row is marked after it was published and not before.
 */
export function startRelay(options: Options): Relay {
  const { sql, redis, queues, logger } = options;
  const wakeUp = createWakeUp(redis);
  const loss = createLossDetector(redis);
  const { published, delay, polls } = createRelayMetrics(options.metrics);
  const hint = createOutboxHint(redis);
  let closing = false;
  let checkedAt = -Infinity;
  const isOn = () => !closing;

  const publishBatch = async (): Promise<number> => {
    const rows = await claim(sql, BATCH, options.lease);
    if (rows.length === 0) return 0;
    try {
      await publish(rows, redis, queues);
    } catch (error) {
      await release(sql, rows).catch(() => undefined); // else the lease runs out
      throw error;
    }
    await markPublished(sql, rows);
    published.inc(rows.length);
    for (const { createdAt } of rows) delay.observe(Math.max(0, Date.now() - Date.parse(createdAt)) / 1000);
    return rows.length;
  };

  const forget = async (age: number) => {
    let total = 0;
    for (let count = FORGET_BATCH; count === FORGET_BATCH && isOn(); total += count) count = await forgetPublished(sql, age, FORGET_BATCH);
    if (total > 0) logger.warn({ events: total }, 'events are published again');
  };

  const checkForLoss = async () => {
    if (performance.now() - checkedAt < CHECK_INTERVAL) return;
    checkedAt = performance.now();
    if (await loss.happened()) {
      logger.warn('redis-state is empty or another than before: what is not done is published again');
      await forget(0);
      await options.onStateLost();
      await loss.recovered();
    }
    if (await loss.mayRepublish()) await forget(options.republishAfter);
  };

  const look = async () => {
    polls.inc();
    await checkForLoss();
    for (let count = BATCH; count === BATCH && isOn();) {
      count = await publishBatch();
      if (count === BATCH) hint.wake(); // there is work for another relay too
    }
  };

  const run = async () => {
    while (isOn()) {
      if (!(await wakeUp.wait()) || !isOn()) continue;
      await look().catch(async (error: unknown) => {
        logger.warn({ err: error }, 'the outbox could not be relayed');
        await wait(200);
      });
    }
  };
  const running = run();

  return {
    async close() {
      closing = true;
      wakeUp.close();
      await running;
    },
  };
}

/** Live streams first: then what a job leads to can't come before what led to the job. */
async function publish(rows: readonly OutboxRow[], redis: Redis, queues: Queues): Promise<void> {
  const live = rows.filter(({ pending }) => pending.includes('live'));
  if (live.length > 0) await appendLive(redis, live);
  for (const name of QUEUES) {
    const jobs = rows.flatMap((row) => jobsOf(row).filter((job) => QUEUE_OF[job.name] === name));
    if (jobs.length > 0) await queues[name].addBulk(jobs);
  }
}

function jobsOf({ userId, id, pending }: OutboxRow) {
  return pending.filter(isJob).map((name) => {
    const data: EffectJob = { userId, eventId: id };
    return { name, data, opts: { ...EFFECT_JOB, jobId: jobId(id, name) } };
  });
}

function createRelayMetrics(metrics: Registry) {
  const registers = [metrics];
  return {
    published: new Counter({ name: 'outbox_published_total', help: 'Events carried from the outbox to the queues', registers }),
    polls: new Counter({ name: 'outbox_polls_total', help: 'Looks at the outbox, by hint or by the clock', registers }),
    delay: new Histogram({
      name: 'outbox_delay_seconds',
      help: 'Time from the start of the transaction that wrote an event until the event was in its queues',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    }),
  };
}
