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

/** Whether a proof ought to show the fault that was made in it, and does not; a void one says nothing of what bends the line. */
export function missesFault(control: Control, { gates, cause }: Pick<Proof, 'gates' | 'cause'>): boolean {
  const sign = SIGNS[control];
  if ('cause' in sign) return cause !== sign.cause && cause !== 'void';
  return gates.every(({ name, passed }) => name !== sign.gate || passed);
}
