import { afterAll, beforeAll, describe, it } from 'vitest';
import { CANCEL, CHARGE, playRound, RECEIPT, REFUND, RELEASE } from './testing/rounds.ts';
import { openShop, type Shop } from './testing/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ slowDelay: 60_000 }); // what is to be called off has to be under way still
});
afterAll(() => shop?.close());

/** Each round plays the points of a job in turn; the first comes a second time, to make five. */
const five = <T>(points: readonly T[]) => [...points, ...points].slice(0, 5);

/* oxlint-disable vitest/expect-expect -- playRound expects */
describe('a worker that is killed', () => {
  it.each(five(CHARGE))('$point: one charge, one receipt', (kind) => playRound(shop, kind));
  it.each(five(RECEIPT))('$point: one receipt', (kind) => playRound(shop, kind));
  it.each(five(RELEASE))('$point: called off once, stock released once', (kind) => playRound(shop, kind));
  it.each(CANCEL.slice(1, 3))('$point: called off', (kind) => playRound(shop, kind));
  it.each(REFUND.slice(1, 3))('$point: one refund', (kind) => playRound(shop, kind));
});
