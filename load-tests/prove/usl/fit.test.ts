import { describe, expect, it } from 'vitest';
import { bootstrapIntervals } from './bootstrap.ts';
import { determination, fitUsl } from './fit.ts';
import { peak, type Point, throughput } from './model.ts';

const points = (...pairs: (readonly [number, number])[]): Point[] => pairs.map(([n, x]) => ({ n, x }));

/** SPEC SDM 91 on a Sun SPARCcenter 2000; a data set of R's package usl. */
const SPECSDM91 = points([1, 64.9], [18, 995.9], [36, 1652.4], [72, 1853.2], [108, 1828.9], [144, 1775], [216, 1702.2]);

/** A ray tracer on 1 to 64 processors (Gunther, Guerrilla Capacity Planning, table 2.3); a data set of R's package usl. */
const RAYTRACER = points(
  [1, 20],
  [4, 78],
  [8, 130],
  [12, 170],
  [16, 190],
  [20, 200],
  [24, 210],
  [28, 230],
  [32, 260],
  [48, 280],
  [64, 310],
);

/** MySQL on a Cisco server, 1 to 32 threads: Baron Schwartz, Practical Scalability Analysis with the Universal Scalability Law. */
const CISCO = [
  955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71, 8646.7, 9047.84, 9426.55, 9645.37,
  9897.24, 10_097.6, 10_240.5, 10_532.39, 10_798.52, 11_151.43, 11_518.63, 11_806, 12_089.37, 12_075.41, 12_177.29, 12_211.41, 12_158.93,
  12_155.27, 12_118.04, 12_140.4, 12_074.39,
].map((x, index) => ({ n: index + 1, x }));

describe('fitUsl reproduces published coefficients', () => {
  it('of specsdm91, as the README of R package usl 3.0 gives them', () => {
    const law = fitUsl(SPECSDM91);
    expect(law.a).toBeCloseTo(0.0277285, 6);
    expect(law.b).toBeCloseTo(0.0001044, 7);
    expect(law.g).toBeCloseTo(89.99523, 3);
    expect(peak(law)).toBeCloseTo(96.5, 1);
  });

  it('of raytracer, where b is at its bound, as the vignette of R package usl 3.0 gives them', () => {
    const law = fitUsl(RAYTRACER);
    expect(law.a).toBeCloseTo(0.057771, 5);
    expect(law.b).toBe(0);
    expect(law.g).toBeCloseTo(21.848843, 3);
    expect(peak(law)).toBe(Infinity);
  });

  it('of the Cisco benchmark, as the book gives them', () => {
    const law = fitUsl(CISCO);
    expect(law.a).toBeCloseTo(0.02671591, 5);
    expect(law.b).toBeCloseTo(7.690945e-4, 6);
    expect(law.g).toBeCloseTo(995.6486, 0);
  });
});

it('finds the law that points were made from', () => {
  const law = { g: 120, a: 0.03, b: 0.002 };
  const made = [1, 2, 3, 4, 6, 8, 10].map((n) => ({ n, x: throughput(law, n) }));
  const found = fitUsl(made);
  expect(found.g).toBeCloseTo(120, 6);
  expect(found.a).toBeCloseTo(0.03, 8);
  expect(found.b).toBeCloseTo(0.002, 8);
  expect(determination(made, found)).toBeCloseTo(1, 10);
});

it('finds no contention in a straight line, and none below zero in one that bends upwards', () => {
  const straight = fitUsl([1, 2, 4, 8].map((n) => ({ n, x: 50 * n })));
  expect(straight.a).toBeCloseTo(0, 10);
  expect(straight.b).toBeCloseTo(0, 10);
  expect(fitUsl([1, 2, 4, 8].map((n) => ({ n, x: 50 * n * (1 + 0.01 * n) })))).toMatchObject({ a: 0, b: 0 });
});

it('needs three different numbers of replicas', () => {
  expect(() => fitUsl(points([1, 10], [1, 11], [2, 20]))).toThrow(RangeError);
});

describe('bootstrapIntervals', () => {
  const law = { g: 120, a: 0.03, b: 0 };
  const noisy = (part: number) =>
    [1, 2, 3, 4, 6, 8, 10].flatMap((n) => [-1, 0.3, 0.7].map((error) => ({ n, x: throughput(law, n) * (1 + part * error) })));

  // Half a second of CPU, which a busy machine may take long to give.
  it('holds the truth, and is wider where the measurements are', { timeout: 60_000 }, () => {
    const narrow = bootstrapIntervals(noisy(0.005), fitUsl(noisy(0.005)));
    const wide = bootstrapIntervals(noisy(0.05), fitUsl(noisy(0.05)));
    expect(narrow?.a[0]).toBeLessThan(0.03);
    expect(narrow?.a[1]).toBeGreaterThan(0.03);
    expect((wide?.a[1] ?? 0) - (wide?.a[0] ?? 0)).toBeGreaterThan(3 * ((narrow?.a[1] ?? 0) - (narrow?.a[0] ?? 0)));
  });

  it('says nothing about three points', () => {
    const three = points([1, 10], [2, 19], [4, 36]);
    expect(bootstrapIntervals(three, fitUsl(three))).toBeUndefined();
  });
});
