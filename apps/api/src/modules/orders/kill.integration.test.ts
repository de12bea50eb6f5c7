import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openShop, type Shop } from '../../testing/shop.ts';
import { COMMITTED, EXPECTED, INSIDE, type Killing, killRound } from './kill-rounds.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(inject('stores'), { replicas: 2 });
});
afterAll(() => shop?.close());

/** Each once; `npm run test:soak` plays all moments again and again. */
const kindsOfDeath: [string, Killing][] = [
  ['before it looks at the request', 'before'],
  ...INSIDE.filter((_, index) => index % 2 === 0).map((moment): [string, Killing] => [
    `inside the transaction (${moment.side} statement ${moment.statement})`,
    moment,
  ]),
  ['after the commit, of which it never hears', COMMITTED],
  ['before the answer', 'before the answer'],
];

describe('an order whose replica is killed, and which is sent again, is there once', () => {
  it.each(kindsOfDeath)('killed %s', async (_when, killing) => {
    expect(await killRound(shop, inject('stores'), killing)).toEqual(EXPECTED);
  });
});
