import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openShop, type Shop } from '../../testing/shop.ts';
import { COMMITTED, EXPECTED, INSIDE, type Killing, killRound } from './kill-rounds.ts';

const FIVE = [1, 2, 3, 4, 5];

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(inject('stores'), { replicas: 2 });
});
afterAll(() => shop?.close());

const kindsOfDeath: [string, Killing][] = [
  ...FIVE.map((): [string, Killing] => ['before it looks at the request', 'before']),
  ...INSIDE.filter((_, index) => index % 2 === 0).map((moment): [string, Killing] => [
    `inside the transaction (${moment.side} statement ${moment.statement})`,
    moment,
  ]),
  ...FIVE.map((): [string, Killing] => ['after the commit, of which it never hears', COMMITTED]),
  ...FIVE.map((): [string, Killing] => ['before the answer', 'before the answer']),
];

describe('an order whose replica is killed, and which is sent again, is there once', () => {
  it.each(kindsOfDeath)('killed %s', async (_when, killing) => {
    expect(await killRound(shop, inject('stores'), killing)).toEqual(EXPECTED);
  });
});
