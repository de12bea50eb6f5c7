import { describe, expect, it } from 'vitest';
import { desiredReplicas, loadOf } from './rule.ts';

describe('desiredReplicas', () => {
  it.each([
    { now: 4, load: 0.7, wanted: 4 },
    { now: 4, load: 0.75, wanted: 4 },
    { now: 4, load: 0.85, wanted: 5 },
    { now: 4, load: 0.35, wanted: 2 },
    { now: 3, load: 0.9, wanted: 6 },
    { now: 8, load: 1, wanted: 10 },
    { now: 3, load: 0, wanted: 2 },
    { now: 1, load: 0.7, wanted: 2 },
  ])('of $now that are asked for $load of what they can do, $wanted', ({ now, load, wanted }) => {
    expect(desiredReplicas(now, load, 10)).toBe(wanted);
  });
});

describe('loadOf', () => {
  it.each([
    { each: 20, late: 0, load: 0.4 },
    { each: 20, late: 1, load: 0.4 },
    { each: 20, late: 2, load: 0.9 },
    { each: 60, late: 3, load: 1.2 },
  ])('of $each in 50, with $late late probes, $load', ({ each, late, load }) => {
    expect(loadOf({ each, capacity: 50, late })).toBe(load);
  });
});
