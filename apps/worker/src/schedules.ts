import type { QueueName, Queues } from '@tenfold/queue';

interface Schedule {
  queue: QueueName;
  job: string;
  /** Milliseconds. */
  every: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const HOUSEKEEPING: readonly Schedule[] = [
  { queue: 'housekeeping', job: 'forget-keys', every: 5 * MINUTE },
  { queue: 'housekeeping', job: 'clear-outbox', every: 5 * MINUTE },
  { queue: 'housekeeping', job: 'clear-sessions', every: HOUR },
  { queue: 'housekeeping', job: 'clear-mail-tokens', every: HOUR },
  { queue: 'housekeeping', job: 'clear-dead-letters', every: HOUR },
];

/**
 * Puts the jobs that come by the clock into redis-state. All workers do so at their start, and again when redis-state was
 * lost: a schedule that is there already stays one.
 */
export async function upsertSchedules(queues: Queues, expiryInterval: number): Promise<void> {
  const expiry: Schedule = { queue: 'stock', job: 'expire-reservations', every: expiryInterval };
  for (const { queue, job, every } of [expiry, ...HOUSEKEEPING]) {
    await queues[queue].upsertJobScheduler(job, { every }, { name: job, opts: { removeOnComplete: true, removeOnFail: true } });
  }
}
