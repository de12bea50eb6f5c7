import { setImmediate as turn } from 'node:timers/promises';

/** Turns of the event loop that an answer gets once its time is over: a new connection needs about half of them. */
const TURNS = 10;

/**
 * What `answer` becomes, if it does so in time. A process that has more to do than it can fires a time-out before it has read
 * the answer that has long been there; to take that for a lost server would leave it with none, and with more to do still.
 * So when the time is over the event loop turns a few times more: at once where it is idle, slowly where it is not.
 *
 * @param ms milliseconds.
 * @throws whatever `answer` throws; when there is none in time.
 */
export async function answerWithin<T>(ms: number, answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    void lastTurns().then(() => reject(new Error(`timeout: no answer in ${ms} ms`)));
  }, ms);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    late.catch(() => undefined);
  }
}

async function lastTurns(): Promise<void> {
  for (let turns = 0; turns < TURNS; turns += 1) await turn();
}
