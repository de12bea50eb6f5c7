import { setTimeout as wait } from 'node:timers/promises';
import { createMailTokens } from '@tenfold/auth';
import type { Cache } from '@tenfold/cache';
import type { Db } from '@tenfold/db';
import type { PaymentProvider } from '@tenfold/payments';
import {
  type ClockHandler,
  createJobMetrics,
  createOutboxHint,
  createQueues,
  type EffectHandlers,
  type EffectRun,
  exportQueueMetrics,
  type QueueName,
  startConsumer,
  startRelay,
} from '@tenfold/queue';
import type { Logger, Registry } from '@tenfold/runtime';
import type { Redis } from 'ioredis';
import { createAvailability } from './availability.ts';
import type { Config } from './config.ts';
import { sendAccountMail } from './jobs/account-mail.ts';
import { charge } from './jobs/charge.ts';
import type { JobContext } from './jobs/context.ts';
import { expireReservations } from './jobs/expire-reservations.ts';
import { cancelPayment, refundPayment } from './jobs/give-back.ts';
import { createHousekeeping } from './jobs/housekeeping.ts';
import { sendReceipt } from './jobs/receipt.ts';
import type { Mailer } from './mail/mailer.ts';
import { upsertSchedules } from './schedules.ts';

/** What a worker is made of; whoever made it closes it. */
export interface Deps {
  db: Db;
  /** For adding jobs and hints. */
  producer: Redis;
  /** For taking jobs. */
  consumer: Redis;
  /** The API's, where a worker was told of it. */
  cache: Cache | undefined;
  cacheRedis: Redis | undefined;
  provider: PaymentProvider;
  mailer: Mailer;
  mailTokenKey: Buffer;
  logger: Logger;
  metrics: Registry;
}

export interface Worker {
  /** Takes no more work, and ends or gives back what is under way. */
  close(): Promise<void>;
}

/** The whole worker: the relay, and a consumer for each queue. */
export function startWorker(deps: Deps, config: Config): Worker {
  const { db, producer, consumer, logger, metrics } = deps;
  const queues = createQueues(producer);
  const hint = createOutboxHint(producer);
  const context: JobContext = {
    ...deps,
    hint,
    availability: createAvailability({ ...deps, freshFor: config.CACHE_FRESH * 1000, staleFor: config.CACHE_STALE * 1000 }),
    mailTokens: createMailTokens(deps.mailTokenKey),
    name: config.INSTANCE_NAME,
    publicUrl: config.PUBLIC_URL,
    expiryLease: config.EXPIRY_LEASE,
  };
  const schedule = () => upsertSchedules(queues, config.EXPIRY_INTERVAL * 1000);

  const shared = { db, redis: consumer, hint, logger, metrics: createJobMetrics(metrics), lock: config.JOB_LOCK * 1000 };
  const consume = (
    queue: QueueName,
    concurrency: number,
    jobs: { effects?: EffectHandlers; clock?: Readonly<Record<string, ClockHandler>> },
  ) => startConsumer({ queue, concurrency, ...jobs, ...shared });
  const run = (work: (job: JobContext, effect: EffectRun) => Promise<void>) => (effect: EffectRun) => work(context, effect);

  const holdFor = config.MAIL_LEASE * 1000;

  const consumers = [
    consume('payment', config.PAYMENT_CONCURRENCY, {
      effects: { charge: { run: run(charge) }, cancel: { run: run(cancelPayment) }, refund: { run: run(refundPayment) } },
    }),
    consume('mail', config.MAIL_CONCURRENCY, {
      effects: { receipt: { run: run(sendReceipt), holdFor }, account_mail: { run: run(sendAccountMail), holdFor } },
    }),
    consume('stock', 1, { clock: { 'expire-reservations': (signal) => expireReservations(context, signal) } }),
    consume('housekeeping', 1, { clock: createHousekeeping(context) }),
  ];
  const relay = startRelay({
    sql: db.primary,
    redis: producer,
    queues,
    logger,
    metrics,
    lease: config.RELAY_LEASE * 1000,
    republishAfter: config.RELAY_REPUBLISH * 1000,
    onStateLost: schedule,
  });
  exportQueueMetrics(db.primary, queues, metrics);
  const closing = new AbortController();
  const scheduled = keepTrying(schedule, logger, closing.signal);

  return {
    async close() {
      closing.abort();
      await Promise.all([scheduled, relay.close()]);
      await Promise.all(consumers.map((each) => each.close(config.DRAIN_PATIENCE * 1000)));
      await queues.close();
    },
  };
}

/** redis-state may be away when a worker starts. */
async function keepTrying(work: () => Promise<void>, logger: Logger, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 5) logger.warn({ err: error }, 'the schedules can not be written yet');
      await wait(500, undefined, { signal }).catch(() => undefined);
    }
  }
}
