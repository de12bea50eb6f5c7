import { randomUUID } from 'node:crypto';
import { Agent, get } from 'node:http';
import type { ApiStatus } from '@tenfold/cluster';
import type { Question } from './pool.ts';

/** Requests under way at once to each replica. */
const AT_ONCE = 4;

/** What the edge adds: code that is compiled for requests without these would be compiled again for those with. */
const FROM_THE_EDGE = {
  'x-real-ip': '127.0.0.1',
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': '127.0.0.1:8080',
  'x-forwarded-port': '8080',
};

/**
 * Asks each replica so often that its code is compiled, past the edge and as fast as it answers: a fresh process does half
 * as much as one that has answered ten thousand times.
 *
 * @param each requests to each.
 */
export async function warm(
  replicas: readonly ApiStatus[],
  questions: readonly Question[],
  tokens: readonly string[],
  each: number,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  try {
    await Promise.all(
      replicas.flatMap((replica) =>
        Array.from({ length: AT_ONCE }, async (_, worker) => {
          for (let turn = worker; turn < each; turn += AT_ONCE) await ask(agent, replica, pathOf(questions, turn), tokens);
        }),
      ),
    );
  } finally {
    agent.destroy();
  }
}

/** In the shares of k6/trial.ts: half of them products, a third shelves, the others searches. */
function pathOf(questions: readonly Question[], turn: number): string {
  const question = questions[turn % questions.length];
  if (!question) throw new RangeError('there is nothing to ask');
  const dice = turn % 10;
  return dice < 5 ? question.product : dice < 8 ? question.shelf : question.search;
}

function ask(agent: Agent, { host = '127.0.0.1', port }: ApiStatus, path: string, tokens: readonly string[]): Promise<void> {
  const token = tokens[0];
  const headers = { ...FROM_THE_EDGE, 'x-request-id': randomUUID(), ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    get({ agent, host, port, path, headers }, (answer) => {
      answer.resume();
      answer.once('end', resolve);
      answer.once('error', reject);
    }).once('error', reject);
  });
}
