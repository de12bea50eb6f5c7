import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Sample, startSampler, useBetween } from './sampler.ts';

const replica = (cpuSeconds: number, periods: number, throttledPeriods: number) => ({
  name: 'api-1',
  pid: 1,
  share: 0.05,
  cpuSeconds,
  residentBytes: 1000,
  periods,
  throttledPeriods,
  throttledSeconds: 0,
});

const samples: Sample[] = [
  { at: 0, processes: [replica(1, 0, 0)], idle: 10, stolen: 0, interrupts: 2, generator: 5, observer: 1 },
  { at: 1000, processes: [replica(1.05, 25, 5)], idle: 11, stolen: 0.1, interrupts: 2.2, generator: 5.3, observer: 1.02 },
  { at: 2000, processes: [replica(1.1, 50, 25)], idle: 12, stolen: 0.2, interrupts: 2.4, generator: 5.6, observer: 1.04 },
];

it('says what was used between two moments, also between samples', () => {
  const use = useBetween(samples, 500, 2000, 2);
  expect(use.processes[0]?.cores).toBeCloseTo(0.05);
  expect(use.processes[0]?.throttled).toBeCloseTo(22.5 / 37.5);
  expect(use.generator).toBeCloseTo(0.3);
  expect(use.idle).toBeCloseTo(0.5);
  expect(use.stolen).toBeCloseTo(0.1);
  // Two cores, one idle, a tenth stolen: 0.9 busy, of which these are known.
  expect(use.foreign).toBeCloseTo(0.9 - 0.05 - 0.3 - 0.02 - 0.2);
});

it('does not guess outside of what it has seen', () => {
  expect(() => useBetween(samples, 500, 2500, 2)).toThrow(RangeError);
  expect(() => useBetween(samples, -1, 1000, 2)).toThrow(RangeError);
});

it('tells who stops it that it could not look, and nobody before', async () => {
  const sampler = startSampler({ usage: () => Promise.reject(new Error('no such container')) }, () => undefined);
  await turn();
  await expect(sampler.stop()).rejects.toThrow('no such container');
});
