import type { Sql } from '@tenfold/db';
import { Gauge, type Registry } from '@tenfold/runtime';
import { type QueueName, QUEUES, type Queues } from './queues.ts';

const WAITING = `
  SELECT count(*)::int AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS age
  FROM (SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 10000) w`;

/**
 * Depth and age of the queues and of the outbox, asked for at each scrape; what can't be reached has no value then. Each gauge
 * asks for itself: one that another's `collect` sets is exported as it was at the scrape before.
 */
export function exportQueueMetrics(sql: Sql, queues: Queues, metrics: Registry): void {
  const registers = [metrics];
  const waiting = () => sql.query<{ count: number; age: number }>(WAITING).catch(() => []);
  new Gauge({
    name: 'queue_jobs',
    help: 'Jobs by state',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      this.reset();
      await forEachQueue(async (queue) => {
        const counts = await queues[queue].getJobCounts('waiting', 'active', 'delayed', 'failed');
        for (const [state, count] of Object.entries(counts)) this.set({ queue, state }, count);
      });
    },
  });
  new Gauge({
    name: 'queue_oldest_waiting_seconds',
    help: 'Age of the oldest waiting job',
    labelNames: ['queue'],
    registers,
    async collect() {
      this.reset();
      await forEachQueue(async (queue) => {
        const [oldest] = await queues[queue].getJobs(['waiting'], 0, 0, true);
        this.set({ queue }, oldest ? (Date.now() - oldest.timestamp) / 1000 : 0);
      });
    },
  });
  new Gauge({
    name: 'outbox_waiting',
    help: 'Events that are not published, 10,000 at most',
    registers,
    async collect() {
      const [row] = await waiting();
      if (row) this.set(row.count);
      else this.reset();
    },
  });
  new Gauge({
    name: 'outbox_oldest_waiting_seconds',
    help: 'Age of the oldest event that is not published',
    registers,
    async collect() {
      const [row] = await waiting();
      if (row) this.set(row.age);
      else this.reset();
    },
  });
}

/** What one of them can't say keeps no other from saying it. */
async function forEachQueue(work: (queue: QueueName) => Promise<void>): Promise<void> {
  await Promise.allSettled(QUEUES.map(work));
}
