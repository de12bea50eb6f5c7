import { describe, expect, it } from 'vitest';
import { desiredReplicas } from './rule.ts';

describe('desiredReplicas', () => {
  it.each([
    { now: 2, used: 1, wanted: 3 },
    { now: 4, used: 0.7, wanted: 4 },
    { now: 4, used: 0.75, wanted: 4 },
    { now: 4, used: 0.35, wanted: 2 },
    { now: 10, used: 1, wanted: 10 },
    { now: 1, used: 0, wanted: 1 },
  ])('of $now that use $used of their CPU, $wanted', ({ now, used, wanted }) => {
    expect(desiredReplicas(now, used, 10)).toBe(wanted);
  });
});
