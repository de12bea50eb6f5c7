import { expect, it } from 'vitest';
import { quotaOn, settingsFor } from './plan.ts';

const MEANT = { mix: 'browse', control: undefined } as const;

it('has Docker not ask containers how they are, and asks nothing of the kind of processes', () => {
  expect(settingsFor({ ...MEANT, on: 'compose' })).toMatchObject({ API_HEALTHCHECK_DISABLE: 'true' });
  expect(settingsFor({ ...MEANT, on: 'local' })).not.toHaveProperty('API_HEALTHCHECK_DISABLE');
});

it('lets small replicas take as much longer as they are smaller', () => {
  for (const on of ['local', 'compose'] as const) {
    const { share, objectives } = quotaOn(on);
    expect(objectives.p95 * share).toBeCloseTo(15, 0);
    expect(objectives.p99 * share).toBeCloseTo(50, 0);
  }
});
