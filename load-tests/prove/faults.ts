import type { Control } from './plan.ts';
import type { Proof } from './proof.ts';

/** Where each fault on purpose has to show: in a gate that is broken, or in what bends the line. */
const SIGNS: Readonly<Record<Control, { gate: string } | { cause: Proof['cause'] }>> = {
  'half-quota': { gate: 'quota' },
  'small-edge': { gate: 'tiers' },
  'slow-generator': { gate: 'generator' },
  'global-lock': { cause: 'contention' },
  'shared-hop': { cause: 'contention' },
};

/** Whether a proof shows the fault that was made in it; a void one says nothing of what bends the line. */
export function faultIn(control: Control, { gates, cause }: Pick<Proof, 'gates' | 'cause'>): 'found' | 'missed' | 'void' {
  const sign = SIGNS[control];
  const isFound = 'cause' in sign ? cause === sign.cause : gates.some(({ name, passed }) => name === sign.gate && !passed);
  if (isFound) return 'found';
  return 'cause' in sign && cause === 'void' ? 'void' : 'missed';
}
