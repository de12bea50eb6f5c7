import { expect, it } from 'vitest';
import { below, fitCeiling, worstMiss } from './ceiling.ts';
import { fitContention } from './fit.ts';
import { throughput } from './model.ts';

const points = (...xs: number[]) => xs.map((x, index) => ({ n: index + 1, x }));

it.each([
  [[100, 200, 300, 350, 350], { g: 100, most: 350 }],
  [[100, 120, 120, 120, 120], { g: 100, most: 120 }],
  [[90, 210, 296, 346, 354], { g: 100, most: 350 }],
])('fitCeiling finds the line and its end in %j', (xs, { g, most }) => {
  const found = fitCeiling(points(...xs));
  expect(found.g).toBeGreaterThan(0.97 * g);
  expect(found.g).toBeLessThan(1.03 * g);
  expect(found.most).toBeCloseTo(most);
  expect(below(found, 5)).toBeCloseTo(most);
});

it('fitCeiling needs two numbers of replicas', () => {
  expect(() => fitCeiling([{ n: 1, x: 100 }])).toThrow(RangeError);
});

it('fitContention finds what the law without coherency was made of, and what it misses by', () => {
  const law = { g: 120, a: 0.08, b: 0 };
  const made = [1, 2, 4, 8].map((n) => ({ n, x: throughput(law, n) }));
  const found = fitContention(made);
  expect(found.a).toBeCloseTo(0.08);
  expect(worstMiss(made, (n) => throughput(found, n))).toBeLessThan(0.001);
  expect(worstMiss(made, (n) => 1.1 * throughput(law, n))).toBeCloseTo(0.1);
});

it('fitContention has no less than no contention', () => {
  expect(fitContention(points(100, 210, 330))).toMatchObject({ a: 0, b: 0 });
});
