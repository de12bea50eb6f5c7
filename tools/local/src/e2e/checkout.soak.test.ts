import type { Person } from '@tenfold/cluster/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costOfOrders } from './order-costs.ts';
import { idlePolls, orderSteadily } from './order-relay.ts';
import { crowd, orderWhileReplicasDie, sellHot, sellOut } from './checkout-scenarios.ts';
import { subject, tell } from './subject.ts';

const target = subject();
let buyers: Person[];
beforeAll(async () => {
  buyers = await crowd(target, 1000);
});

describe('one replica', () => {
  it('places orders, of which each costs so much', async () => {
    await target.cluster.scale('api', 1, () => undefined);
    await target.cluster.scale('worker', 0, () => undefined); // what follows from an order is not what it costs
    try {
      const cost = await costOfOrders(target, buyers.slice(0, 40), { atOnce: 4, seconds: 10 });
      tell(`one replica: ${JSON.stringify(cost)}`);
      expect(cost.failed).toBe(0);
    } finally {
      await target.cluster.scale('worker', 1, () => undefined);
      await target.cluster.scale('api', 3, () => undefined);
    }
  });
});

describe('three replicas and their worker', () => {
  it.each([50, 200])('have each of %i orders a second in the queues soon', async (rate) => {
    const { outcomes, published, ordered } = await orderSteadily(target, buyers, { rate, seconds: 15 });
    expect([outcomes, published]).toEqual([{ '201': ordered }, ordered]);
  });

  it('look at the outbox at most once a second when nothing happens', async () => {
    expect(await idlePolls(target, 20)).toBeLessThanOrEqual(20);
  });
});

describe('ten replicas', () => {
  beforeAll(async () => {
    await target.cluster.scale('api', 10, () => undefined);
  });
  afterAll(() => target.cluster.scale('api', 3, () => undefined));

  it.each([1, 8])('sell 100 units to 1,000 buyers, who all send twice, with %i stock bucket(s)', async (buckets) => {
    const { outcomes, errors, stock, deadlocks } = await sellOut(target, buyers, 100, { buckets, atOnce: 50 });
    expect({ outcomes, errors, stock, deadlocks }).toEqual({
      outcomes: { '201': 100, '409 out_of_stock': 900 },
      errors: [],
      stock: { count: 0, ledger: 0, orders: 100 },
      deadlocks: 0,
    });
  });

  it.each([1, 8, 1, 8, 1, 8])('sell a hot SKU that does not run out, with %i stock bucket(s)', async (buckets) => {
    const { outcomes } = await sellHot(target, buyers, { buckets, atOnce: 40, seconds: 8 });
    expect(Object.keys(outcomes)).toEqual(['201']);
  });

  it('are killed again and again while orders go on', async () => {
    const { outcomes, twice, sold, stock } = await orderWhileReplicasDie(target, buyers.slice(0, 10), 10);
    expect({ outcomes, twice, orders: stock.orders, count: stock.count }).toEqual({
      outcomes: ['201'],
      twice: 0,
      orders: sold,
      count: 100_000 - sold,
    });
  });
});
