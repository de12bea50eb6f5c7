import { setTimeout as wait } from 'node:timers/promises';
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

const look = (at: number, ...processes: Sample['processes']): Sample => ({
  at,
  processes,
  idle: at / 1000,
  stolen: 0,
  interrupts: 0,
  generator: 0,
  observer: 0,
});

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

it('counts on where a process was started again, or was there for a part of the time', () => {
  const second = { ...replica(0.3, 0, 0), name: 'api-2', residentBytes: 500 };
  const looks = [
    look(0, replica(5, 0, 0)),
    look(1000, replica(5.2, 0, 0), second),
    look(2000, { ...replica(0.1, 0, 0), residentBytes: 3000 }),
  ];
  const { processes, foreign } = useBetween(looks, 0, 2000, 2);
  expect(processes.map(({ name, cores }) => [name, Number(cores.toFixed(6))])).toEqual([
    ['api-1', 0.15],
    ['api-2', 0.15],
  ]);
  expect(foreign).toBeCloseTo(2 - 1 - 0.3);
  // Memory is that of the last look in the time that is asked for.
  expect(useBetween(looks, 0, 1500, 2).processes.map(({ residentBytes }) => residentBytes)).toEqual([1000, 500]);
});

it('does not take a count that is a little less than before for another process', () => {
  const looks = [5, 4.99, 5.09].map((cpuSeconds, second) => look(second * 1000, replica(cpuSeconds, 0, 0)));
  expect(useBetween(looks, 0, 2000, 2).processes[0]?.cores).toBeCloseTo(0.045);
});

it('does not guess outside of what it has seen', () => {
  expect(() => useBetween(samples, 500, 2500, 2)).toThrow(RangeError);
  expect(() => useBetween(samples, -1, 1000, 2)).toThrow(RangeError);
});

it('has looked once when it has started, however long that takes', async () => {
  const sampler = await startSampler({ usage: () => wait(100, []) }, () => undefined);
  const from = Date.now();
  await wait(1);
  const to = Date.now();
  expect(useBetween(await sampler.stop(), from, to).seconds).toBeGreaterThan(0);
});

it('tells who stops it that it could not look any more, and nobody before', async () => {
  let looks = 0;
  const usage = () => ((looks += 1) === 1 ? Promise.resolve([]) : Promise.reject(new Error('no such container')));
  const sampler = await startSampler({ usage }, () => undefined);
  await expect.poll(() => looks, { timeout: 5000 }).toBe(2);
  await expect(sampler.stop()).rejects.toThrow('no such container');
});
