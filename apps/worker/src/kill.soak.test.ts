import { describe, it } from 'vitest';
import { CANCEL, CHARGE, type Kind, playRound, RECEIPT, REFUND, RELEASE } from './testing/rounds.ts';
import { openShop } from './testing/shop.ts';

const ROUNDS = 100;
const JOBS: { job: string; points: Kind[]; once: string }[] = [
  { job: 'payment', points: CHARGE, once: 'one charge and one receipt' },
  { job: 'mail', points: RECEIPT, once: 'one receipt' },
  { job: 'stock release', points: RELEASE, once: 'one release' },
  { job: 'cancellation', points: CANCEL, once: 'called off once' },
  { job: 'refund', points: REFUND, once: 'one refund' },
];

/** Each job has a shop of its own, stores included, so that all of them are done at once. */
describe.concurrent('a worker that is killed inside a job', () => {
  // oxlint-disable-next-line vitest/expect-expect -- playRound expects
  it.each(JOBS)(`${ROUNDS} times at $job, at each of its points in turn: $once`, async ({ job, points }) => {
    const shop = await openShop({ slowDelay: 600_000 }); // what is to be called off has to be under way still
    try {
      for (let round = 1; round <= ROUNDS; round += 1) {
        const kind = points[round % points.length];
        if (kind) await playRound(shop, kind);
        if (round % 20 === 0) process.stdout.write(`  ${job}: ${round} of ${ROUNDS} workers killed\n`);
      }
    } finally {
      await shop.close();
    }
  });
});
