import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openShop, type Shop } from '../../testing/shop.ts';

const UNITS = 20;
const BUYERS = 150;

/** Buyers at once: what exceeds a cluster is refused at its edge, and here is none. */
const AT_ONCE = 25;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(inject('stores'), { replicas: 5 });
});
afterAll(() => shop?.close());

describe('a sale of one SKU to many more buyers than there are units, each of whom sends twice', () => {
  it.each([1, 4])('sells every unit once and tells the others, with %i stock buckets', async (buckets) => {
    const { sku } = await shop.product({ available: UNITS, buckets });
    const buyers = await Promise.all(Array.from({ length: BUYERS }, () => shop.account()));
    const deadlocksBefore = await deadlocks();
    const outcomes: string[] = [];
    const next = buyers.values();
    const queue = async () => {
      for (const buyer of next) outcomes.push(await buyTwice(buyer, sku));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, queue));
    expect(count(outcomes)).toEqual({ '201': UNITS, '409 out_of_stock': BUYERS - UNITS });
    expect([await shop.stock(sku), await shop.ordersOf(sku)]).toEqual([{ count: 0, ledger: 0 }, UNITS]);
    expect(await deadlocks()).toBe(deadlocksBefore);
  });
});

/** Both requests at once, by the same key; whoever is told to wait asks again. @returns the answer, which has to be one. */
async function buyTwice(buyer: string, sku: string): Promise<string> {
  const headers = { 'idempotency-key': randomUUID() };
  const send = async (): Promise<{ answer: string; body: string }> => {
    const {
      statusCode,
      body,
      headers: given,
    } = await shop.order(buyer, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' }, headers);
    const { code } = JSON.parse(body);
    if (code === 'idempotency_in_flight') {
      await wait(Number(given['retry-after']) * 1000);
      return send();
    }
    return { answer: code === undefined ? String(statusCode) : `${statusCode} ${code}`, body };
  };
  const [one, other] = await Promise.all([send(), send()]);
  return one.body === other.body ? one.answer : `${one.answer}, but then ${other.answer}`;
}

function count(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

async function deadlocks(): Promise<number> {
  const [row] = await shop.primary.query<{ deadlocks: number }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  return row?.deadlocks ?? NaN;
}
