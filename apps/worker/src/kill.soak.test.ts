import { afterAll, beforeAll, describe, it } from 'vitest';
import { CANCEL, CHARGE, playRound, RECEIPT, REFUND, RELEASE } from './testing/rounds.ts';
import { openShop, type Shop } from './testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ slowDelay: 600_000 }); // what is to be called off has to be under way still
});
afterAll(() => shop?.close());

/* oxlint-disable vitest/expect-expect -- playRound expects */
describe('a worker that is killed inside a job', () => {
  it.each([
    { jobs: 'charge, receipt and release', kinds: [...CHARGE, ...RECEIPT, ...RELEASE], rounds: 100 },
    { jobs: 'cancel and refund', kinds: [...CANCEL, ...REFUND], rounds: 24 },
  ])('$jobs: one charge, one receipt, one release ($rounds rounds)', async ({ kinds, rounds }) => {
    for (let round = 0; round < rounds; round += 1) {
      const kind = kinds[round % kinds.length];
      if (kind) await playRound(shop, kind);
    }
  });
});
