import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../collect/sampler.ts';
import { LENGTH, type Overload, recoveredAfter, resultOf } from './overload.ts';
import { brokenBy, judge } from './overload-judged.ts';

const calm = { p99: 100, accepted: 80, refused: 0 };

describe('recoveredAfter', () => {
  it('is the first of three seconds in a row in which nothing was refused and nothing slow', () => {
    const late = { ...calm, p99: 900 };
    expect(recoveredAfter([late, { ...calm, refused: 1 }, { ...calm, p99: 140 }, calm, calm], 100)).toBe(2);
    expect(recoveredAfter([calm, late, calm, calm, calm], 100)).toBe(2);
    expect(recoveredAfter([calm, calm, calm], 100)).toBe(0);
  });

  it('is undefined when there were none', () => {
    expect(recoveredAfter([calm, calm, { ...calm, p99: 900 }], 100)).toBeUndefined();
  });

  it('takes no second for normal in which nobody was answered', () => {
    const silent = { p99: 0, accepted: 0, refused: 0 };
    expect(recoveredAfter([silent, silent, silent, calm, calm, calm], 100)).toBe(3);
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
/** One a second, for the two minutes and a bit that k6 runs. @param memory in and after the storm. */
const samplesWith = (memory: number) =>
  Array.from({ length: 130 }, (_, second): Sample => ({
    at: second * 1000,
    processes: [api(second < 50 ? 100 : memory)],
    idle: second * availableParallelism(),
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
    ...Object.fromEntries(
      Array.from({ length: 20 }, (_, second) => [`accepted{second:${80 + second}}`, trend(second === 0 ? 400 : 110, 80)]),
    ),
    'refused{second:80}': trend(5, 12),
    ...changes,
  },
});

const objectives = { p95: 300, p99: 600, failed: 0.001 };
const overloadWith = (changes?: object, memory = 105): Overload => ({
  length: LENGTH.full,
  places: 10,
  capacity: 100,
  failedAt: 106,
  most: 110,
  offered: 1000,
  ...resultOf(summary(changes), samplesWith(memory), { before: 20, during: 60, after: 20 }),
});
const verdicts = (...given: Parameters<typeof overloadWith>) => judge(overloadWith(...given), objectives).map(({ met }) => met);

describe('brokenBy', () => {
  const names = (overload: Overload) => brokenBy(overload).map(({ name }) => name);
  const busy = (overload: Overload, phase: 'before' | 'during') =>
    names({ ...overload, [phase]: { ...overload[phase], use: { ...overload[phase].use, foreign: 0.5 } } });

  it('finds nothing where the limit was found and the machine was at rest', () => {
    expect(names(overloadWith())).toEqual([]);
  });

  it('finds a search that ended without a rate that failed, and other programs in the storm and before it', () => {
    expect(names({ ...overloadWith(), failedAt: null })).toEqual(['search']);
    expect(busy(overloadWith(), 'before')).toEqual(['alone']);
    expect(busy(overloadWith(), 'during')).toEqual(['alone']);
  });
});

describe('judge', () => {
  it('finds all goals met where they are', () => {
    expect(verdicts()).toEqual(Array.from({ length: 10 }, () => true));
  });

  it.each([
    ['a bad start', 0, { 'refused{phase:before}': trend(5, 12) }],
    ['a slow start', 0, { 'accepted{phase:before}': trend(700, 1600), 'accepted{phase:during}': trend(250, 5700) }],
    ['requests that could not be sent afterwards', 1, { 'dropped_iterations{scenario:after}': { values: { count: 700 } } }],
    ['dropped requests', 1, { 'dropped_iterations{scenario:during}': { values: { count: 700 } } }],
    ['less than 90% of the capacity', 2, { 'accepted{phase:during}': trend(250, 5300) }],
    ['more than three times the latency', 3, { 'accepted{phase:during}': trend(310, 5700) }],
    ['replicas that refuse', 4, { 'refused_by_replica{phase:during}': { values: { count: 400 } } }],
    ['a broken answer', 5, { 'broken{phase:after}': { values: { count: 1 } } }],
    ['orders that fail', 6, { 'ordered{phase:during}': { values: { passes: 118, fails: 2, rate: 0.98 } } }],
    [
      'six seconds until all is normal',
      7,
      Object.fromEntries(Array.from({ length: 6 }, (_, second) => [`refused{second:${80 + second}}`, trend(5, 1)])),
    ],
  ])('finds %s', (_, index, changes) => {
    expect(verdicts(changes).findIndex((met) => !met)).toBe(index);
  });

  it('finds memory that has grown', () => {
    expect(verdicts({}, 120).findIndex((met) => !met)).toBe(8);
  });
});
