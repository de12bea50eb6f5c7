import { expect, it } from 'vitest';
import { backoff } from './backoff.ts';

const middle = () => 0.5;

it('answers the first failure at once, doubles from then on, and stops growing at 30 s', () => {
  expect([1, 2, 3, 4, 8, 9, 100].map((failures) => backoff(failures, middle))).toEqual([0, 500, 1000, 2000, 30_000, 30_000, 30_000]);
});

it('spreads starts by a half either way', () => {
  expect(backoff(3, () => 0)).toBe(500);
  expect(backoff(3, () => 0.999)).toBeLessThan(1500);
});
