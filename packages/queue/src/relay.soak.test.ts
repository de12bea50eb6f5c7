import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Desk, openDesk, playDeath } from './testing/desk.ts';

const ROUNDS = 200;

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

it(`loses and doubles nothing when the relay is killed between publishing and marking (${ROUNDS} rounds)`, async () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { diedOf, marked, committed, receipts } = await playDeath(desk);
    expect({ round, diedOf, marked, receipts }).toEqual({ round, diedOf: 'SIGKILL', marked: 0, receipts: committed });
  }
});
