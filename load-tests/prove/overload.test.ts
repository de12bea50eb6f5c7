import { describe, expect, it } from 'vitest';
import type { Sample } from './collect/sampler.ts';
import { judge, recoveredAfter, resultOf } from './overload.ts';

const calm = { slowest: 100, refused: 0 };

describe('recoveredAfter', () => {
  it('is the first second in which nothing was refused and nothing slow', () => {
    expect(recoveredAfter([{ slowest: 900, refused: 3 }, { slowest: 400, refused: 0 }, { slowest: 140, refused: 1 }, calm], 100)).toBe(3);
    expect(recoveredAfter([calm], 100)).toBe(0);
  });

  it('is undefined when there was none', () => {
    expect(recoveredAfter([{ slowest: 900, refused: 0 }], 100)).toBeUndefined();
  });
});

const api = (residentBytes: number) => ({
  name: 'api-1',
  pid: 1,
  share: 0.05,
  cpuSeconds: 0,
  residentBytes,
  periods: 0,
  throttledPeriods: 0,
  throttledSeconds: 0,
});
/** One a second, for the two minutes and a bit that k6 runs. */
const samples = Array.from({ length: 130 }, (_, second): Sample => ({
  at: second * 1000,
  processes: [api(second < 50 ? 100 : 105)],
  idle: second,
  stolen: 0,
  interrupts: 0,
  generator: 0,
  observer: 0,
}));

const trend = (p99: number, count: number) => ({ values: { med: 1, 'p(99)': p99, count } });
const summary = (changes: object = {}) => ({
  setup_data: { startedAt: 5000 },
  metrics: {
    'accepted{phase:before}': trend(100, 1600),
    'accepted{phase:during}': trend(250, 5700),
    'refused{phase:during}': trend(5, 54_000),
    'refused_by_replica{phase:during}': { values: { count: 10 } },
    'ordered{phase:during}': { values: { passes: 120, fails: 0, rate: 1 } },
    'accepted{phase:after}': trend(110, 1600),
    'accepted{second:0}': trend(400, 80),
    'refused{second:0}': trend(5, 12),
    'accepted{second:1}': trend(110, 80),
    ...changes,
  },
});

const verdicts = (changes?: object) =>
  judge({ capacity: 100, offered: 1000, ...resultOf(summary(changes), samples, { before: 20, during: 60, after: 20 }) }).map(
    ({ met }) => met,
  );

describe('judge', () => {
  it('finds all goals met where they are', () => {
    expect(verdicts()).toEqual(Array.from({ length: 9 }, () => true));
  });

  it.each([
    ['dropped requests', 0, { 'dropped_iterations{scenario:during}': { values: { count: 700 } } }],
    ['less than 90% of the capacity', 1, { 'accepted{phase:during}': trend(250, 5300) }],
    ['more than three times the latency', 2, { 'accepted{phase:during}': trend(310, 5700) }],
    ['replicas that refuse', 3, { 'refused_by_replica{phase:during}': { values: { count: 400 } } }],
    ['a broken answer', 4, { 'broken{phase:after}': { values: { count: 1 } } }],
    ['orders that fail', 5, { 'ordered{phase:during}': { values: { passes: 118, fails: 2, rate: 0.98 } } }],
    [
      'six seconds until all is normal',
      6,
      Object.fromEntries(Array.from({ length: 6 }, (_, second) => [`refused{second:${second}}`, trend(5, 1)])),
    ],
  ])('finds %s', (_, index, changes) => {
    expect(verdicts(changes).findIndex((met) => !met)).toBe(index);
  });
});
