import type { Circumstances } from '../proof.ts';
import { escape, percent } from './text.ts';

/** Where, when, with what and how it was measured. */
export function origin(circumstances: Circumstances): string {
  const { command, machine, plan } = circumstances;
  const entries = [
    ['command', `<code>${escape(command)}</code>`],
    ['commit', `<code>${escape(machine.commit)}</code>`],
    ['machine', escape(`${machine.cores} cores, ${machine.cpu}; ${machine.memoryGiB} GiB; ${machine.kernel}`)],
    ['versions', escape(`Node ${machine.node}, k6 ${machine.k6}`)],
    [
      'replicas',
      `${plan.counts.join(', ')}; ${plan.rounds} ${plan.rounds === 1 ? 'run' : 'runs'} each${plan.references > 1 ? ` (of one replica ${plan.rounds * plan.references}: it is what all are compared with)` : ''}, order from seed ${plan.seed}`,
    ],
    ['quota', `${percent(plan.share, 1)} of a core for each replica, set once it was warm`],
    ...(plan.control === undefined ? [] : [['fault', `${escape(plan.control)}: made on purpose, to see whether the verdict finds it`]]),
    [
      'trials',
      `${plan.warmup} s unmeasured, ${plan.measure} s measured${plan.precision > 0 ? `; the search ends within ${percent(plan.precision, 0)}` : ''}`,
    ],
  ];
  return `<dl>${entries.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>`;
}
