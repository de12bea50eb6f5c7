import { expect, it } from 'vitest';
import { analyse } from './analyse.ts';
import { showsFault } from './faults.ts';
import { CONTROLS } from './plan.ts';
import { runsOf } from './testing/runs.ts';

const proof = (...options: Parameters<typeof runsOf>) => analyse(runsOf(...options), 9);
const counts = [1, 2, 4];

it('finds no fault where there is none', () => {
  const sound = proof({ g: 120, a: 0.001, b: 0 }, { counts });
  expect(CONTROLS.filter((control) => showsFault(control, sound))).toEqual([]);
});

it('finds each by its own sign', () => {
  const slow = proof({ g: 120, a: 0.001, b: 0 }, { counts, bent: { use: { generator: 0.95 } } });
  expect(CONTROLS.filter((control) => showsFault(control, slow))).toEqual(['slow-generator']);
  const bent = proof({ g: 120, a: 0.1, b: 0 }, { counts });
  expect(CONTROLS.filter((control) => showsFault(control, bent))).toEqual(['global-lock', 'shared-hop']);
  const held = proof(
    { g: 120, a: 0.001, b: 0 },
    { counts, bent: { process: (one) => (one.name === 'edge' ? { ...one, throttled: 0.5 } : one) } },
  );
  expect(CONTROLS.filter((control) => showsFault(control, held))).toEqual(['small-edge']);
});
