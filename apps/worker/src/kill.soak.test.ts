import { afterAll, beforeAll, describe, it } from 'vitest';
import { CANCEL, CHARGE, playRound, RECEIPT, REFUND, RELEASE } from './testing/rounds.ts';
import { openShop, type Shop } from './testing/shop.ts';

const ROUNDS = 100;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ slowDelay: 600_000 });
});
afterAll(() => shop?.close());

/* oxlint-disable vitest/expect-expect -- playRound expects */
describe(`a worker that is killed inside a job (${ROUNDS} rounds)`, () => {
  it.each([
    ['charge', CHARGE],
    ['receipt', RECEIPT],
    ['release', RELEASE],
    ['cancel', CANCEL],
    ['refund', REFUND],
  ])('%s: one charge, one receipt, one release', async (_job, kinds) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const kind = kinds[round % kinds.length];
      if (kind) await playRound(shop, kind);
    }
  });
});
