/**
 * How many orders a second one SKU takes, with one stock bucket and with eight: the whole transaction of `place`, no HTTP.
 *
 *   node packages/orders/bench/hot-sku.ts [runs] [seconds]
 *
 * PostgreSQL writes to disk as in production (fsync on); the two are run in turn, so that a noisy machine disturbs both.
 */
import { availableParallelism, cpus } from 'node:os';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { startTestStores } from '@tenfold/local/testing';
import pg from 'pg';
import { openShop } from '../src/testing/shop.ts';
import type { Buyers } from './buyers-worker.ts';

const [RUNS = 5, SECONDS = 5] = process.argv.slice(2).map(Number);
const THREADS = 4;
const CONNECTIONS = 8;
const BUCKETS = [1, 8];
const USERS = 400;

const stores = await startTestStores({ replicas: 1 });
try {
  await writeToDisk(stores.facts.postgres.primary.superuserUrl);
  const { apiUrl } = stores.facts.postgres.primary;
  const shop = await openShop(apiUrl);
  const users = await Promise.all(Array.from({ length: USERS }, () => shop.addUser()));
  process.stdout.write(`${THREADS * CONNECTIONS} buyers at once, ${SECONDS} s a run, ${availableParallelism()} CPUs, fsync on\n`);
  const rates = new Map(BUCKETS.map((buckets) => [buckets, [] as number[]]));
  for (let run = 0; run <= RUNS; run += 1) {
    for (const buckets of BUCKETS) {
      const sku = await shop.addVariant({ available: 10_000_000, buckets });
      const { orders, idle } = await sell({ url: apiUrl, sku, users });
      const rate = orders / SECONDS;
      if (run > 0) rates.get(buckets)?.push(rate); // the first warms up
      process.stdout.write(
        `  ${run === 0 ? 'warm-up' : `run ${run}`}: ${buckets} bucket(s), ${rate.toFixed(0)} orders/s, CPUs ${(idle * 100).toFixed(0)}% idle\n`,
      );
    }
  }
  const [one = NaN, many = NaN] = BUCKETS.map((buckets) => median(rates.get(buckets) ?? []));
  process.stdout.write(
    `median: ${one.toFixed(0)} with one bucket, ${many.toFixed(0)} with ${BUCKETS[1]}: ${(many / one).toFixed(2)} times\n`,
  );
  await shop.close();
} finally {
  await stores.close();
}

async function sell({ url, sku, users }: Pick<Buyers, 'url' | 'sku' | 'users'>) {
  const from = Date.now() + 4000; // threads take a while to start
  const buyers: Buyers = { url, sku, users, connections: CONNECTIONS, from, until: from + SECONDS * 1000 };
  const threads = Array.from({ length: THREADS }, () => new Worker(new URL('./buyers-worker.ts', import.meta.url), { workerData: buyers }));
  const ended = Promise.all(threads.map((thread) => once(thread, 'exit')));
  await wait(from - Date.now());
  const before = cpuTimes();
  const orders = await Promise.all(threads.map(async (thread): Promise<number> => (await once(thread, 'message'))[0]));
  const after = cpuTimes();
  await ended;
  const idle = (after.idle - before.idle) / (after.all - before.all);
  return { orders: orders.reduce((sum, count) => sum + count, 0), idle };
}

/** Milliseconds of all CPUs since the machine has started: with none left, more buckets gain nothing. */
function cpuTimes() {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  return { idle, all: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle) };
}

async function writeToDisk(superuserUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  await client.query('ALTER SYSTEM SET fsync = on');
  await client.query('SELECT pg_reload_conf()');
  while ((await client.query('SHOW fsync')).rows[0].fsync !== 'on') await wait(10);
  await client.end();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
