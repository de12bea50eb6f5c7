import { expect, it } from 'vitest';
import { analyse } from './analyse.ts';
import type { ProcessUse } from './collect/sampler.ts';
import { faultIn } from './faults.ts';
import { CONTROLS } from './plan.ts';
import { runsOf } from './testing/runs.ts';

/** What a proof says of each fault. */
const said = (...options: Parameters<typeof runsOf>) => {
  const proof = analyse(runsOf(...options), 9);
  return Object.fromEntries(CONTROLS.map((control) => [control, faultIn(control, proof)]));
};
const counts = [1, 2, 4];
const law = { g: 120, a: 0.001, b: 0 };
const none = Object.fromEntries(CONTROLS.map((control) => [control, 'missed']));

it('finds no fault where there is none', () => {
  expect(said(law, { counts })).toEqual(none);
});

it('finds what all wait for by what bends the line', () => {
  expect(said({ g: 120, a: 0.1, b: 0 }, { counts })).toEqual({ ...none, 'global-lock': 'found', 'shared-hop': 'found' });
});

it('finds the others by the gates that they break, and says nothing of the line then', () => {
  const unsaid = { ...none, 'global-lock': 'void', 'shared-hop': 'void' };
  expect(said(law, { counts, bent: { use: { generator: 0.95 } } })).toEqual({ ...unsaid, 'slow-generator': 'found' });
  const held = { process: (one: ProcessUse) => (one.name === 'edge' ? { ...one, throttled: 0.5 } : one) };
  expect(said(law, { counts, bent: held })).toEqual({ ...unsaid, 'small-edge': 'found' });
  const half = { process: (one: ProcessUse) => (one.name === 'api-1' ? { ...one, share: 0.01, cores: 0.01 } : one) };
  expect(said(law, { counts, bent: half })).toEqual({ ...unsaid, 'half-quota': 'found' });
});
