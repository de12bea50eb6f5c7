import { setTimeout as wait } from 'node:timers/promises';

export interface Answer {
  status: number;
  /** The problem's code; empty when it was none. */
  code: string;
  headers: Headers;
  body: Readonly<Record<string, unknown>>;
  /** The replica, or `edge`. */
  servedBy: string;
}

/** One request, its answer read to the end. */
export async function ask(url: string, method = 'GET', payload?: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const described = payload && { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers: { ...headers, ...described }, ...(payload && { body: JSON.stringify(payload) }) });
  const text = await response.text();
  const body: Record<string, unknown> = Object(text ? JSON.parse(text) : {});
  const code = typeof body['code'] === 'string' ? body['code'] : '';
  return { status: response.status, code, headers: response.headers, body, servedBy: response.headers.get('x-served-by') ?? '' };
}

/** What a list's answer holds. */
export function itemsOf({ body }: Pick<Answer, 'body'>, member = 'items'): Record<string, unknown>[] {
  const items = body[member];
  return Array.isArray(items) ? items.map((one) => Object(one)) : [];
}

/** How often a client repeats one thing before it counts as lost. */
const REPEATS = 20;

/** The answer to something that is done again as long as the answer says when to. */
export async function untilFinal(attempt: () => Promise<Answer>, repeats: () => void = () => undefined): Promise<Answer> {
  let answer = await attempt();
  for (let time = 0; time < REPEATS && answer.headers.has('retry-after'); time += 1) {
    repeats();
    await wait(Number(answer.headers.get('retry-after')) * 1000);
    answer = await attempt();
  }
  return answer;
}

interface Clients {
  done: number;
  /** How often something was repeated because the answer said when to. */
  repeated: number;
  failures: string[];
  /** When each replica was first heard of, as Date.now(). */
  firstHeard: Map<string, number>;
}

/**
 * Clients that each do one thing after the other, and do it again when the answer has a Retry-After: so they lose nothing on
 * a machine that is too busy either. All else that isn't right is a failure.
 *
 * @param next gives the next thing to do; done again, it is the same thing.
 */
export function startPatientClients(count: number, next: () => () => Promise<Answer>, right: number) {
  const seen: Clients = { done: 0, repeated: 0, failures: [], firstHeard: new Map() };
  let stopped = false;
  const isOn = () => !stopped;
  const one = async (attempt: () => Promise<Answer>) => {
    const { status, code, servedBy } = await untilFinal(attempt, () => void (seen.repeated += 1));
    if (!seen.firstHeard.has(servedBy)) seen.firstHeard.set(servedBy, Date.now());
    if (status === right) seen.done += 1;
    else seen.failures.push(`${status} ${code}`);
  };
  const client = async () => {
    while (isOn()) {
      await one(next()).catch((error: unknown) => seen.failures.push(String(error)));
      await wait(50);
    }
  };
  const clients = Array.from({ length: count }, client);
  return {
    seen,
    async stop() {
      stopped = true;
      await Promise.all(clients);
      return seen;
    },
  };
}
