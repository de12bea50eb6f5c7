import { setTimeout as wait } from 'node:timers/promises';
import { type Person, putOnSale } from '@tenfold/cluster/testing';
import { until } from '../process/until.ts';
import { buy, each, howMany, inDatabase } from './shop.ts';
import { type Subject, tell } from './subject.ts';

/** Orders that come at a steady rate, answered or not: so that a queue in the cluster is seen, and not waited for. */
export async function orderSteadily(target: Subject, buyers: readonly Person[], load: { rate: number; seconds: number }) {
  const onSale = await each(Array.from({ length: 20 }), 4, () => putOnSale(target, 100_000));
  const since = await inDatabase(target, async (client) => (await client.query('SELECT clock_timestamp() AS now')).rows[0].now);
  const began = performance.now();
  const orders: ReturnType<typeof buy>[] = [];
  for (let turn = 0; turn < load.rate * load.seconds; turn += 1) {
    await wait(Math.max(0, began + (turn * 1000) / load.rate - performance.now()));
    orders.push(buy(target.url, buyers[turn % buyers.length]?.tokens.accessToken ?? '', onSale[turn % onSale.length]?.sku ?? ''));
  }
  const bought = await Promise.all(orders);
  const took = (performance.now() - began) / 1000;
  const delay = await delaysSince(target, since);
  tell(
    `${load.rate} orders/s for ${load.seconds} s (${(orders.length / took).toFixed(0)} answered a second): in the queues after ${delay.p50} ms, ` +
      `p99 ${delay.p99} ms, at most ${delay.max} ms; clients had to repeat after ${JSON.stringify(howMany(bought.flatMap(({ errors }) => errors)))}`,
  );
  return { outcomes: howMany(bought.map(({ outcome }) => outcome)), published: delay.count, ordered: orders.length };
}

/** Milliseconds from the start of an order's transaction, a little before its commit, until its event was in the queues and marked as such. */
async function delaysSince(target: Subject, since: Date) {
  await nothingLeft(target, 'published_at');
  return inDatabase(target, async (client) => {
    const { rows } = await client.query(
      `SELECT count(*)::int, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::int AS p50,
         round(percentile_cont(0.99) WITHIN GROUP (ORDER BY ms))::int AS p99, round(max(ms))::int AS max
       FROM (SELECT extract(epoch FROM published_at - created_at) * 1000 AS ms FROM outbox WHERE topic = 'order.placed' AND created_at >= $1) o`,
      [since],
    );
    return rows[0];
  });
}

/** Looks at the outbox of all workers in so many seconds in which nothing happens. */
export async function idlePolls(target: Subject, duration: number): Promise<number> {
  await nothingLeft(target, 'done_at');
  const before = await polls(target);
  await wait(duration * 1000);
  const count = (await polls(target)) - before;
  tell(`${count} looks at the outbox in ${duration} idle seconds`);
  return count;
}

function nothingLeft(target: Subject, without: 'published_at' | 'done_at') {
  const none = () =>
    inDatabase(target, async (client) => (await client.query(`SELECT 1 FROM outbox WHERE ${without} IS NULL LIMIT 1`)).rowCount === 0);
  return until(none, { what: `the outbox still had events without ${without}`, within: 180_000, every: 250 });
}

async function polls({ cluster }: Subject): Promise<number> {
  const { worker } = await cluster.status();
  const counts = worker.map(async ({ metricsPort }) => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return Number(/^outbox_polls_total\S* (\d+)/m.exec(text)?.[1] ?? 0);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
