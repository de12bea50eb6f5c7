import { describe, expect, it } from 'vitest';
import type { Algorithm, Arm, Condition } from './algorithms.ts';
import { brokenGates, verdictOn } from './algorithms-compared.ts';

const use = { seconds: 8, processes: [], generator: 0.4, observer: 0.01, foreign: 0.05, stolen: 0, idle: 0.4 };

function arm(condition: Condition, algorithm: Algorithm, p99: number, more: Partial<Arm> = {}): Arm {
  const cheap = { med: p99 / 4, p95: p99 / 2, p99 };
  const served = { rate: 1000, goodput: 1000, requests: 8000, failed: 0, dropped: 0, cheap, dear: null, spread: [], use };
  return { condition, algorithm, oneNetwork: false, served, ...more };
}

describe('verdictOn', () => {
  it('names the lowest p99, with those that are as low, and how much worse round robin was', () => {
    const arms = [
      arm('uneven', 'round_robin', 500),
      arm('uneven', 'least_conn', 100),
      arm('uneven', 'random_two', 110),
      arm('long', 'ip_hash', 1),
    ];
    expect(verdictOn(arms, 'uneven')).toBe(
      "with one replica at half the CPU the lowest p99 had least_conn, random_two (100 ms to 110 ms), round robin's was 5.0 times that (500 ms)",
    );
  });

  it('says so where round robin was as good', () => {
    const arms = [arm('long', 'round_robin', 104), arm('long', 'least_conn', 100), arm('long', 'ip_hash', 150)];
    expect(verdictOn(arms, 'long')).toBe(
      'for the short requests among long ones the lowest p99 had least_conn, round_robin (100 ms to 104 ms), round robin was no worse',
    );
  });

  it('takes quick refusals for no low latency', () => {
    const refusing = (one: Arm): Arm => ({ ...one, served: { ...one.served, failed: 0.2 } });
    const best = arm('uneven', 'least_conn', 100);
    expect(verdictOn([best, refusing(arm('uneven', 'ip_hash', 10)), refusing(arm('uneven', 'round_robin', 20))], 'uneven')).toBe(
      'with one replica at half the CPU the lowest p99 had least_conn (100 ms), round robin failed 20.0%',
    );
  });

  it('leaves out what was not measured, and clients that are all of one network', () => {
    expect(verdictOn([arm('even', 'least_conn', 100)], 'even')).toBeUndefined();
    const arms = [arm('even', 'ip_hash', 1, { oneNetwork: true }), arm('even', 'round_robin', 100)];
    expect(verdictOn(arms, 'even')).toContain('had round_robin (100 ms)');
  });
});

it('brokenGates finds a machine that did something else, and requests that were not sent', () => {
  const { served, ...rest } = arm('even', 'least_conn', 100);
  expect(brokenGates({ ...rest, served })).toEqual([]);
  const disturbed = brokenGates({ ...rest, served: { ...served, dropped: 3, use: { ...use, foreign: 0.9 } } });
  expect(disturbed.map(({ name }) => name)).toEqual(['alone', 'drops']);
});
