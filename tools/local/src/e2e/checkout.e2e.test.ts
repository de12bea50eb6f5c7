import { register } from '@tenfold/cluster/testing';
import { describe, expect, it } from 'vitest';
import { crowd, orderWhileReplicasDie, sellOut, sendAtOnce } from './checkout-scenarios.ts';
import { subject } from './subject.ts';

const target = subject();

describe('orders through the edge', () => {
  it('sell every unit once, to buyers who all send twice', async () => {
    const { outcomes, errors, stock, deadlocks } = await sellOut(target, await crowd(target, 60), 20, { atOnce: 20 });
    expect({ outcomes, errors, stock, deadlocks }).toEqual({
      outcomes: { '201': 20, '409 out_of_stock': 40 },
      errors: [],
      stock: { count: 0, ledger: 0, orders: 20 },
      deadlocks: 0,
    });
  });

  it('are one order with one answer, when one key comes 100 times at once', async () => {
    expect(await sendAtOnce(target, await register(target), 100)).toEqual({
      answers: 1,
      outcome: '201',
      errors: [],
      stock: { count: 999, ledger: 999, orders: 1 },
    });
  });

  it('are there once each, while replicas are killed', async () => {
    const { outcomes, twice, sold, stock } = await orderWhileReplicasDie(target, await crowd(target, 5), 5);
    expect({ outcomes, twice, stock }).toEqual({
      outcomes: ['201'],
      twice: 0,
      stock: { count: 100_000 - sold, ledger: 100_000 - sold, orders: sold },
    });
  });
});
