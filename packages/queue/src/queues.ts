import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Effect } from './events.ts';

export const QUEUES = ['payment', 'mail', 'stock', 'housekeeping'] as const;
export type QueueName = (typeof QUEUES)[number];

/** An effect that is a job's. */
export type JobEffect = Exclude<Effect, 'live'>;

/** Which queue each effect's jobs go through. */
export const QUEUE_OF: Readonly<Record<JobEffect, QueueName>> = {
  charge: 'payment',
  cancel: 'payment',
  refund: 'payment',
  receipt: 'mail',
  account_mail: 'mail',
};

/** A job says where its event is, and no more: what it is about is read from Postgres, and redis-state learns nothing about people. */
export interface EffectJob {
  userId: string;
  eventId: string;
}

export const PREFIX = 'tenfold:queue';

/**
 * Nothing of a job is kept once it has ended: its receipt, or its dead letter, is in Postgres, and a job that was left
 * behind would keep its id from being used again.
 */
export const EFFECT_JOB: JobsOptions = {
  attempts: 8,
  backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: true,
};

export type Queues = Readonly<Record<QueueName, Queue>> & { close(): Promise<void> };

/** @param redis a producer's connection, which all queues share. */
export function createQueues(redis: Redis): Queues {
  const open = (name: QueueName) => {
    const queue = new Queue(name, { connection: redis, prefix: PREFIX, skipVersionCheck: true, skipWaitingForReady: true });
    queue.on('error', () => undefined); // the connection reports it
    return queue;
  };
  const queues = { payment: open('payment'), mail: open('mail'), stock: open('stock'), housekeeping: open('housekeeping') };
  return {
    ...queues,
    async close() {
      await Promise.all(QUEUES.map((name) => queues[name].close()));
    },
  };
}

export function isJob(name: string): name is JobEffect {
  return Object.hasOwn(QUEUE_OF, name);
}

/** The same for the same effect of the same event, so that what is published twice is one job. */
export function jobId(eventId: string, effect: JobEffect): string {
  return `${eventId}.${effect}`;
}
