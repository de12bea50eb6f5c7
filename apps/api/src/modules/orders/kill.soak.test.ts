import { startTestStores, type TestStores } from '@tenfold/local/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from '../../testing/shop.ts';
import { COMMITTED, EXPECTED, INSIDE, type Killing, killRound } from './kill-rounds.ts';

const ROUNDS = 200;
const KINDS: Killing[] = ['before', ...INSIDE, COMMITTED, 'before the answer'];

let stores: TestStores;
let shop: Shop;
beforeAll(async () => {
  stores = await startTestStores({ replicas: 1 });
  shop = await openShop(stores.facts, { replicas: 2 });
});
afterAll(async () => {
  await shop?.close();
  await stores?.close();
});

describe('an order whose replica is killed, and which is sent again', () => {
  it(`is there once, in ${ROUNDS} rounds at all steps`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const killing = KINDS[round % KINDS.length] ?? 'before';
      expect([round, killing, await killRound(shop, stores.facts, killing)]).toEqual([round, killing, EXPECTED]);
    }
  });
});
