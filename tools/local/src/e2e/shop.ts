import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { locate } from '@tenfold/cluster';
import type { Door } from '@tenfold/cluster/testing';
import type { Client } from 'pg';
import { withConnection } from '../postgres/connect.ts';
import { readSecrets } from '../state/files.ts';
import type { Subject } from './subject.ts';

/** What became of an order, after as many repeats as it took. */
export interface Bought {
  /** `201`, or the status and code of the refusal. */
  outcome: string;
  /** Of the last answer. */
  body: string;
  /** Answers with a status of 500 and more on the way. */
  errors: string[];
}

/** Orders one of a SKU as a careful client does: with a key, and again with the same key when it is told to, or hears nothing. */
export async function buy(at: Door, accessToken: string, sku: string, key = randomUUID()): Promise<Bought> {
  const errors: string[] = [];
  for (;;) {
    const answer = await order(at, accessToken, sku, key).catch((error: unknown) => String(error));
    if (typeof answer === 'string') {
      errors.push(answer);
      await wait(100);
      continue;
    }
    const { status, body, retryAfter } = answer;
    const { code } = JSON.parse(body);
    if (status >= 500) errors.push(`${status} ${code}`);
    if (status < 500 && code !== 'idempotency_in_flight') return { outcome: code ? `${status} ${code}` : `${status}`, body, errors };
    await wait(retryAfter * 1000);
  }
}

async function order(at: Door, accessToken: string, sku: string, key: string) {
  const headers = { authorization: `Bearer ${accessToken}`, 'idempotency-key': key, 'content-type': 'application/json' };
  const payload = JSON.stringify({ items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' });
  const response = await fetch(`${at}/v1/orders`, { method: 'POST', headers, body: payload });
  return { status: response.status, body: await response.text(), retryAfter: Number(response.headers.get('retry-after') ?? 1) };
}

/** What the database says of a SKU: the count, the sum of the ledger, and orders that hold it. */
export async function stockOf(target: Subject, sku: string): Promise<{ count: number; ledger: number; orders: number }> {
  return inDatabase(target, async (client) => {
    const { rows } = await client.query(
      `SELECT (SELECT sum(available)::int FROM stock WHERE sku = $1) AS count, (SELECT sum(delta)::int FROM stock_ledger WHERE sku = $1) AS ledger,
         (SELECT count(*)::int FROM order_items WHERE sku = $1) AS orders`,
      [sku],
    );
    return rows[0];
  });
}

/** Asks the primary as its superuser. */
export async function inDatabase<T>({ cluster, directory }: Subject, use: (client: Client) => Promise<T>): Promise<T> {
  const secrets = await readSecrets(locate(directory));
  const { port } = (await cluster.status()).postgres.primary;
  if (!secrets) throw new Error('the cluster has no secrets');
  return withConnection({ port, user: 'postgres', password: secrets.postgres.superuser, database: 'tenfold' }, use);
}

/** Does something for each item, so many at a time. */
export async function each<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const next = items.entries();
  const queue = async () => {
    for (const [index, item] of next) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, queue));
  return results;
}

export function howMany(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
