import { afterAll, beforeAll, describe, it } from 'vitest';
import { CANCEL, CHARGE, playRound, RECEIPT, REFUND, RELEASE } from './testing/rounds.ts';
import { openShop, type Shop } from './testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ slowDelay: 60_000 }); // what is to be called off has to be under way still
});
afterAll(() => shop?.close());

// Every point once; `npm run test:soak` plays them again and again.
/* oxlint-disable vitest/expect-expect -- playRound expects */
describe('a worker that is killed', () => {
  it.each(CHARGE)('$point: one charge, one receipt', (kind) => playRound(shop, kind));
  it.each(RECEIPT)('$point: one receipt', (kind) => playRound(shop, kind));
  it.each(RELEASE)('$point: called off once, stock released once', (kind) => playRound(shop, kind));
  it.each(CANCEL.slice(1, 3))('$point: called off', (kind) => playRound(shop, kind));
  it.each(REFUND.slice(1, 3))('$point: one refund', (kind) => playRound(shop, kind));
});
