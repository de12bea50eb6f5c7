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
  const look = { each: 20, capacity: 50, late: 0.25 };
  it.each([
    { seconds: [0.1, 0.2, 0.1], load: 0.4 },
    { seconds: [0.3, 0.1, 0.1], load: 0.4 },
    { seconds: [0.3, 0.1, 0.3], load: 0.9 },
  ])('of probes that took $seconds s, $load', ({ seconds, load }) => {
    expect(loadOf({ ...look, seconds })).toBe(load);
  });

  it('is more than full where so much is asked', () => {
    expect(loadOf({ ...look, each: 60, seconds: [1, 1, 1] })).toBe(1.2);
  });
});
