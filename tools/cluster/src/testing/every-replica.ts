import type { Answer } from './client.ts';
import { readyReplicas, type Subject } from './subject.ts';

/** Milliseconds that it may take until each replica has had its turn. */
const PATIENCE = 30_000;

/**
 * Asks through the edge until every replica that is ready has answered at least so often.
 *
 * @returns all answers, by replica.
 */
export async function askEveryReplica(target: Subject, send: () => Promise<Answer>, times = 1): Promise<Map<string, Answer[]>> {
  const names = await readyReplicas(target);
  const answers = new Map<string, Answer[]>(names.map((name) => [name, []]));
  const deadline = performance.now() + PATIENCE;
  const missing = () => names.filter((name) => (answers.get(name)?.length ?? 0) < times);
  while (missing().length > 0) {
    if (performance.now() > deadline) throw new Error(`${missing().join(', ')} did not answer within ${PATIENCE / 1000} s`);
    const answer = await send();
    answers.set(answer.servedBy, [...(answers.get(answer.servedBy) ?? []), answer]);
  }
  return answers;
}
