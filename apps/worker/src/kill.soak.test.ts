import { afterAll, beforeAll, describe, it } from 'vitest';
import { CANCEL, CHARGE, playRound, RECEIPT, REFUND, RELEASE } from './testing/rounds.ts';
import { openShop, type Shop } from './testing/shop.ts';

const TIMES = 5;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ slowDelay: 60_000 }); // what is to be called off has to be under way still
});
afterAll(() => shop?.close());

const rounds = Array.from({ length: TIMES }, () => [CHARGE, RECEIPT, RELEASE, CANCEL, REFUND]).flat(2);

/* oxlint-disable vitest/expect-expect -- playRound expects */
describe(`a worker that is killed, each point ${TIMES} times`, () => {
  it.each(rounds)('$point', (kind) => playRound(shop, kind));
});
