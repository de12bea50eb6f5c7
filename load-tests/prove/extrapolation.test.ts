import { expect, it } from 'vitest';
import { extrapolate, outlook } from './extrapolation.ts';

const cost = { api: 400, edge: 150, postgres: 10, redis: 5, worker: 0, k6: 400 };

it('counts machines from the law and the CPU of each tier', () => {
  // A whole core does 2,400 requests a second, planned at 60%: 1,440 each.
  const { tiers, cells, replicasPerCell, cost: sum } = extrapolate({ g: 120, a: 0, b: 0 }, 0.05, cost);
  expect([cells, replicasPerCell]).toEqual([1, 70]);
  expect(tiers.map(({ count }) => count)).toEqual([70, 4, 2, 2]);
  expect(sum).toBeCloseTo((70 + (4 + 2 + 2) * 8) * 36.5);
});

it('puts clusters side by side where one can’t do it', () => {
  // With a = 0.01 no number of replicas does more than a hundred times the first.
  const { cells, replicasPerCell, tiers } = extrapolate({ g: 120, a: 0.01, b: 0.0001 }, 0.05, cost);
  expect(cells).toBeGreaterThan(1);
  expect(replicasPerCell).toBeLessThanOrEqual(100);
  // Each has two of everything, so that one may be lost.
  for (const { count } of tiers) expect(count).toBeGreaterThanOrEqual(2 * cells);
});

it('says what the worst law within the intervals needs', () => {
  const law = { g: 120, a: 0, b: 0 };
  const { likely, worst } = outlook({ ...law, intervals: { g: [110, 130], a: [0, 0.01], b: [0, 0.001] } }, 0.05, cost);
  expect(likely.cells).toBe(1);
  expect(worst).toEqual(extrapolate({ g: 120, a: 0.01, b: 0.001 }, 0.05, cost));
  expect(outlook({ ...law, intervals: null }, 0.05, cost).worst).toBeNull();
});
