import { describe, expect, it } from 'vitest';
import { experimentsOf, firstGuess, hasWork, MIXES, quotaFor, settingsFor } from './plan.ts';

const MEANT = { mix: 'browse', work: true, control: undefined } as const;

describe('settingsFor', () => {
  it('has Docker not ask containers how they are, and asks nothing of the kind of processes', () => {
    expect(settingsFor({ ...MEANT, on: 'compose' })).toMatchObject({ API_HEALTHCHECK_DISABLE: 'true' });
    expect(settingsFor({ ...MEANT, on: 'local' })).not.toHaveProperty('API_HEALTHCHECK_DISABLE');
  });

  it('lets replicas obey only where they are asked for something', () => {
    expect(settingsFor({ ...MEANT, on: 'local' })).toHaveProperty('EXPERIMENTS', 'true');
    expect(settingsFor({ ...MEANT, on: 'local', work: false })).not.toHaveProperty('EXPERIMENTS');
    expect(settingsFor({ ...MEANT, on: 'local', work: false, control: 'small-edge' })).not.toHaveProperty('EXPERIMENTS');
    expect(settingsFor({ ...MEANT, on: 'local', work: false, control: 'shared-hop' })).toHaveProperty('EXPERIMENTS', 'true');
  });
});

it('experimentsOf names the work, and faults that replicas make', () => {
  expect(experimentsOf(MEANT)).toBe('work');
  expect(experimentsOf({ ...MEANT, control: 'global-lock' })).toBe('work, global-lock');
  expect(experimentsOf({ work: false, control: 'half-quota' })).toBe('');
});

it('firstGuess knows that work takes most of the time', () => {
  const [bare, loaded] = [false, true].map((work) => firstGuess({ mix: 'browse', share: 0.1, work, control: undefined }));
  expect(bare).toBe(300);
  expect(loaded).toBeGreaterThan(40);
  expect(loaded).toBeLessThan(60);
});

it('lets small replicas take as much longer as they are smaller', () => {
  for (const on of ['local', 'compose'] as const) {
    for (const work of [true, false]) {
      const { share, objectives } = quotaFor({ on, mix: 'browse', work });
      expect(objectives.p95 * share).toBeCloseTo(work ? 25 : 15, 0);
      expect(objectives.p99 * share).toBeCloseTo(50, 0);
    }
  }
});

it('gives orders, which are dear by themselves, what requests with work get, and database reads less', () => {
  const dear = quotaFor({ on: 'local', mix: 'browse', work: true });
  for (const mix of ['write', 'hot-sku'] as const) expect(quotaFor({ on: 'local', mix, work: false })).toEqual(dear);
  expect(quotaFor({ on: 'local', mix: 'uncached', work: false })).toEqual(quotaFor({ on: 'local', mix: 'browse', work: false }));
});

it('has work where shoppers read', () => {
  expect(MIXES.filter(hasWork)).toEqual(['browse', 'mixed']);
});
