import type { Analysis } from './analyse.ts';
import { brokenOf } from './gates.ts';
import type { Run } from './run.ts';

/** What there are more and more of. */
export function wordFor(runs: readonly Run[]): string {
  return runs[0]?.saturation.tier === 'postgres-replica' ? 'database replicas' : 'replicas';
}

/** What the figures say, in a sentence or two. @param what there are more and more of. */
export function verdictOf(
  { cause, levels, limit, goals, gates }: Pick<Analysis, 'cause' | 'levels' | 'limit' | 'goals' | 'gates'>,
  what: string,
): string {
  const broken = brokenOf(gates);
  if (cause === 'void') return `Void: ${broken.map(brokenInWords).join('; ') || 'nothing was measured'}. The figures below prove nothing.`;
  const top = levels.at(-1);
  const single = levels[0];
  if (!top || single?.n !== 1) return 'Without a run of one replica there is nothing to compare with.';
  if (top === single)
    return `One of them did ${single.capacity.toFixed(1)} requests a second. Without another number of ${what} there is nothing to compare.`;
  const times = (top.capacity / single.capacity).toFixed(top.n < 10 ? 2 : 1);
  const claim = `${inWords(top.n)} ${what} did ${times} times the work of one (${(100 * top.efficiency).toFixed(1)}% of ideal)`;
  const missed = goals.filter(({ met }) => !met);
  const shared = limit === null ? '' : ` ${limit.words}`;
  if (goals.length === 0) return `${claim}. No goal is set for these numbers.${shared}`;
  if (missed.length === 0) return `${claim}.${shared}`;
  return `${claim}. ${missed.map(({ name, found, wanted }) => `${name} is ${found}, not ${wanted}`).join('; ')}${bent(cause)}.${shared}`;
}

function brokenInWords({ name, runs, passedRuns, detail }: Analysis['gates'][number]): string {
  return `${runs - passedRuns} of ${runs} runs broke the gate “${name}” (${detail})`;
}

function bent(cause: Analysis['cause']): string {
  switch (cause) {
    case 'contention':
      return ': contention, something that there is only once is waited for';
    case 'coherency':
      return ': coherency, replicas pay for agreeing with one another';
    default:
      return '';
  }
}

const WORDS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten', 'Eleven', 'Twelve'];

function inWords(n: number): string {
  return WORDS[n] ?? String(n);
}
