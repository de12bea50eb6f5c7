import { expect, it } from 'vitest';
import { analyse } from './analyse.ts';
import type { ProcessUse } from './collect/sampler.ts';
import { missesFault } from './faults.ts';
import { CONTROLS } from './plan.ts';
import { runsOf } from './testing/runs.ts';

/** The faults that a proof does not show. */
const missed = (...options: Parameters<typeof runsOf>) => {
  const proof = analyse(runsOf(...options), 9);
  return CONTROLS.filter((control) => missesFault(control, proof));
};
const counts = [1, 2, 4];
const law = { g: 120, a: 0.001, b: 0 };

it('finds no fault where there is none', () => {
  expect(missed(law, { counts })).toEqual(CONTROLS);
});

it('finds what all wait for by what bends the line', () => {
  expect(missed({ g: 120, a: 0.1, b: 0 }, { counts })).toEqual(['half-quota', 'small-edge', 'slow-generator']);
});

it('finds the others by the gates that they break, and says nothing of the line then', () => {
  expect(missed(law, { counts, bent: { use: { generator: 0.95 } } })).toEqual(['half-quota', 'small-edge']);
  const held = { process: (one: ProcessUse) => (one.name === 'edge' ? { ...one, throttled: 0.5 } : one) };
  expect(missed(law, { counts, bent: held })).toEqual(['half-quota', 'slow-generator']);
  const half = { process: (one: ProcessUse) => (one.name === 'api-1' ? { ...one, share: 0.01, cores: 0.01 } : one) };
  expect(missed(law, { counts: [1, 2, 4], bent: half })).toEqual(['small-edge', 'slow-generator']);
});
