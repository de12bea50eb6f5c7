import { type Db, DatabaseUnavailable, PoolExhausted } from '@tenfold/db';
import { Counter, Histogram, type Logger, type Registry } from '@tenfold/runtime';
import { DelayedError, type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { bury } from './dead-letters.ts';
import { AlreadyDone, commitEffect, type EffectKey, type EffectRun, hold, letGo, load, RetryLater } from './effect.ts';
import { type EffectJob, isJob, type JobEffect, PREFIX, type QueueName } from './queues.ts';
import type { OutboxHint } from './wake.ts';

/** What a job on the clock does; it has no event, and what it does is found by looking. */
export type ClockHandler = (signal: AbortSignal) => Promise<void>;

/** How an effect takes place. */
export interface EffectHandler {
  run(run: EffectRun): Promise<void>;
  /** Milliseconds for which nobody else may do it: for what can't be asked about afterwards, such as a mail. */
  holdFor?: number;
}

export type EffectHandlers = Partial<Record<JobEffect, EffectHandler>>;

interface Options {
  queue: QueueName;
  effects?: EffectHandlers;
  clock?: Readonly<Record<string, ClockHandler>>;
  /** Jobs at once. */
  concurrency: number;
  db: Db;
  /** A consumer's connection. */
  redis: Redis;
  hint: OutboxHint;
  logger: Logger;
  metrics: JobMetrics;
  /** Milliseconds after which a job whose worker gives no sign of life is another's. */
  lock: number;
}

export interface Consumer {
  /** Takes no more jobs and waits for those under way; after `patience` milliseconds they are told to let go. */
  close(patience: number): Promise<void>;
}

/** Times that a job may take its worker down with it before it is buried. */
const MAX_STALLS = 5;

/** Milliseconds before the first and, at most, before any try of what can't be done now. */
const FIRST_DELAY = 250;
const MAX_DELAY = 10_000;

export function startConsumer(options: Options): Consumer {
  const { queue, logger, metrics } = options;
  const worker = new Worker<EffectJob, void>(queue, (job, token, signal) => perform(options, job, token, signal ?? NEVER), {
    connection: options.redis,
    prefix: PREFIX,
    concurrency: options.concurrency,
    lockDuration: options.lock,
    stalledInterval: options.lock / 2,
    maxStalledCount: MAX_STALLS,
    skipVersionCheck: true,
    runRetryDelay: 1000,
  });
  worker.on('error', (error) => logger.warn({ err: error, queue }, 'a queue gave an error'));
  worker.on('stalled', (id) => {
    metrics.stalled.inc({ queue });
    logger.warn({ queue, job: id }, 'a job lost its worker and is tried again');
  });
  worker.on('failed', (job, error) => {
    if (job && isFinal(job, error)) void giveUp(options, job, error);
  });
  return {
    async close(patience) {
      const timer = setTimeout(() => worker.cancelAllJobs('the worker is stopping'), patience);
      await worker.close();
      clearTimeout(timer);
    },
  };
}

const NEVER = new AbortController().signal;

async function perform(options: Options, job: Job<EffectJob>, token: string | undefined, signal: AbortSignal): Promise<void> {
  const { queue, metrics } = options;
  const end = metrics.durations.startTimer({ queue, job: job.name });
  try {
    await (isJob(job.name) ? performEffect(options, job, job.name, signal) : performOnClock(options, job.name, signal));
    end({ outcome: 'done' });
  } catch (error) {
    if (error instanceof AlreadyDone) return void end({ outcome: 'done before' });
    if (!isNoFault(error) && !signal.aborted) {
      end({ outcome: 'failed' });
      options.logger.warn({ err: error, queue, job: job.name, id: job.id, attempt: job.attemptsMade + 1 }, 'a job failed');
      throw error;
    }
    end({ outcome: 'later' });
    const delay = signal.aborted ? 0 : ((error instanceof RetryLater ? error.delay : undefined) ?? backoff(job.attemptsStarted));
    await job.moveToDelayed(Date.now() + delay, token);
    throw new DelayedError();
  }
}

/** The job is all right: what it needs isn't there now. */
function isNoFault(error: unknown): boolean {
  return error instanceof RetryLater || error instanceof DatabaseUnavailable || error instanceof PoolExhausted;
}

async function performOnClock({ clock }: Options, name: string, signal: AbortSignal): Promise<void> {
  const handler = clock?.[name];
  if (!handler) throw new RetryLater(`nobody here knows ${name}: a newer release may`);
  await handler(signal);
}

async function performEffect({ effects, db, hint }: Options, job: Job<EffectJob>, effect: JobEffect, signal: AbortSignal): Promise<void> {
  const handler = effects?.[effect];
  if (!handler) throw new RetryLater(`nobody here knows ${effect}: a newer release may`);
  const { userId, eventId } = job.data;
  const key: EffectKey = { userId, eventId, effect };
  const event = await (handler.holdFor ? hold(db.primary, key, handler.holdFor) : load(db.primary, key));
  const commit: EffectRun['commit'] = async (work) => {
    const value = await commitEffect(db, key, work);
    hint.wake(); // events may have followed
    return value;
  };
  try {
    await handler.run({ eventId, userId, event, tries: job.attemptsStarted, signal, commit });
  } catch (error) {
    if (handler.holdFor && !(error instanceof AlreadyDone)) await letGo(db.primary, key).catch(() => undefined);
    throw error;
  }
}

/** Doubles from try to try, with "equal jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
function backoff(tries: number): number {
  const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** Math.min(tries - 1, 10));
  return delay / 2 + (Math.random() * delay) / 2;
}

function isFinal(job: Job, error: Error): boolean {
  return error.name === 'UnrecoverableError' || job.finishedOn !== undefined || job.attemptsMade >= (job.opts.attempts ?? 1);
}

/** Fails to only if the database is away; then the effect is still pending, and its event is published again. */
async function giveUp({ db, queue, logger, metrics }: Options, job: Job<EffectJob>, error: Error): Promise<void> {
  if (!isJob(job.name)) return;
  try {
    await bury(db, { ...job.data, effect: job.name }, error.message, job.attemptsMade);
    metrics.dead.inc({ queue, job: job.name });
    logger.error({ err: error, queue, job: job.name, id: job.id }, 'a job is given up: see the dead letters');
  } catch (failure) {
    logger.error({ err: failure, queue, job: job.name, id: job.id }, 'a dead letter could not be written');
  }
}

export type JobMetrics = ReturnType<typeof createJobMetrics>;

export function createJobMetrics(metrics: Registry) {
  const registers = [metrics];
  return {
    durations: new Histogram({
      name: 'job_duration_seconds',
      help: 'Time that a try of a job took',
      labelNames: ['queue', 'job', 'outcome'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    stalled: new Counter({ name: 'jobs_stalled_total', help: 'Jobs whose worker was lost', labelNames: ['queue'], registers }),
    dead: new Counter({ name: 'jobs_dead_total', help: 'Jobs that became dead letters', labelNames: ['queue', 'job'], registers }),
  };
}
