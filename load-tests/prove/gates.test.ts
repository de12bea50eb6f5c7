import { describe, expect, it } from 'vitest';
import { confirmationGates, missedObjective, saturationGates, searchGate } from './gates.ts';
import { objectivesFor } from './plan.ts';
import { trialOf } from './testing/runs.ts';

const broken = (bent: Parameters<typeof trialOf>[2]) =>
  saturationGates(trialOf(4, 480, bent))
    .filter(({ passed }) => !passed)
    .map(({ name }) => name);

describe('saturationGates', () => {
  it('pass where replicas were what was used up, and nothing else was', () => {
    expect(broken({})).toEqual([]);
  });

  it('void a run in which a replica had CPU left', () => {
    expect(broken({ process: (one) => (one.name === 'api-2' ? { ...one, cores: 0.047 } : one) })).toEqual(['bound']);
  });

  it('void a run in which one replica had half the quota of the others', () => {
    expect(broken({ process: (one) => (one.name === 'api-2' ? { ...one, cores: 0.0246, share: 0.025 } : one) })).toEqual(['quota']);
  });

  it('void a run in which a quota was not kept to', () => {
    expect(broken({ process: (one) => (one.name === 'api-2' ? { ...one, cores: 0.055 } : one) })).toEqual(['quota']);
  });

  it('void a run on a machine without room', () => {
    expect(broken({ use: { idle: 0.19 } })).toEqual(['host']);
    expect(broken({ use: { foreign: 0.4 } })).toEqual(['alone']);
    expect(broken({ use: { stolen: 0.05 } })).toEqual(['alone']);
  });

  it('void a run whose generator was at its limit, or held back', () => {
    expect(broken({ use: { generator: 0.9 } })).toEqual(['generator']);
    expect(broken({ trial: { generatorThrottled: 3 } })).toEqual(['generator']);
  });

  it('void a run in which edge or stores were held back', () => {
    expect(broken({ process: (one) => (one.name === 'edge' ? { ...one, share: 0.1, throttled: 0.01 } : one) })).toEqual(['tiers']);
  });

  it('void a run that was shared unevenly', () => {
    const { replicas } = trialOf(4, 480);
    const uneven = replicas.map((one) => (one.name === 'api-1' ? { ...one, requests: one.requests * 1.1 } : one));
    expect(broken({ trial: { replicas: uneven } })).toEqual(['spread']);
  });

  it('void a run in which k6 did not send all requests', () => {
    expect(broken({ trial: { dropped: 1 } })).toEqual(['drops']);
  });
});

describe('objectives', () => {
  const objectives = objectivesFor({ share: 0.05, mix: 'browse', work: false });

  it('are those of a whole core, times the part of it that a replica has', () => {
    expect(objectives).toMatchObject({ p95: 300, p99: 1000 });
  });

  it('are missed by latency, errors and requests that were not sent', () => {
    const latency = { med: 10, p95: 299, p99: 999, max: 3000 };
    expect(missedObjective(trialOf(1, 120, { trial: { latency } }), objectives)).toBeUndefined();
    expect(missedObjective(trialOf(1, 120, { trial: { latency: { ...latency, p95: 301 } } }), objectives)).toMatch(/p95/);
    expect(missedObjective(trialOf(1, 120, { trial: { latency: { ...latency, p99: 1001 } } }), objectives)).toMatch(/p99/);
    expect(missedObjective(trialOf(1, 120, { trial: { failed: 0.002 } }), objectives)).toMatch(/refusals/);
    expect(missedObjective(trialOf(1, 120, { trial: { dropped: 2 } }), objectives)).toMatch(/could not be sent/);
  });

  it('have to be met at 80% of the accepted rate', () => {
    const slow = trialOf(1, 96, { trial: { latency: { med: 10, p95: 350, p99: 999, max: 3000 } } });
    expect(confirmationGates(slow, objectives)[0]?.passed).toBe(false);
    expect(confirmationGates(trialOf(1, 96), objectives)[0]?.passed).toBe(true);
    expect(confirmationGates(trialOf(1, 96), objectives, 'p99 was 1200 ms')[0]).toMatchObject({
      passed: true,
      detail: expect.stringMatching(/at the second try: at the first p99 was 1200 ms$/),
    });
  });
});

describe('searchGate', () => {
  const tried = [{ rate: 100 }, { rate: 105 }];

  it('wants a rate that held, and one within the precision above it that did not', () => {
    expect(searchGate({ rate: 100, failed: 105 }, tried, 0.05, []).passed).toBe(true);
    expect(searchGate({ rate: 100, failed: 112 }, tried, 0.05, [])).toMatchObject({
      passed: false,
      detail: expect.stringContaining('12.0% above the highest that held (at most 5.0%)'),
    });
  });

  it('does not believe a limit that something else may have made', () => {
    const above = (generator: number) => [trialOf(1, 105, { use: { generator } })];
    expect(searchGate({ rate: 100, failed: 105 }, tried, 0.05, above(0.5)).passed).toBe(true);
    expect(searchGate({ rate: 100, failed: 105 }, tried, 0.05, above(0.95))).toMatchObject({
      passed: false,
      detail: expect.stringMatching(/^the limit may not be theirs: in a trial that failed, k6 used 95/),
    });
  });

  it('voids a search that found no rate, or no limit', () => {
    expect(searchGate({ rate: 105, failed: undefined }, tried, 0.05, [])).toMatchObject({
      passed: false,
      detail: 'all of 2 trials from 100 to 105 a second met the objectives',
    });
    expect(searchGate(undefined, tried, 0.05, [])).toMatchObject({
      passed: false,
      detail: 'none of 2 trials from 100 to 105 a second met the objectives',
    });
  });
});
