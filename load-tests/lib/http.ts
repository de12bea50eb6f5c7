import { sleep } from 'k6';
import http, { type RefinedResponse } from 'k6/http';
import { TARGET } from './config.ts';
import { replays, requestsByReplica, retries } from './metrics.ts';

export type Answer = RefinedResponse<'text'>;

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Groups all requests of a kind in the results: a URL with an id in it would be a kind of its own. */
  name: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
  /** How often a 503 with Retry-After is answered by another try. Only what may be repeated may have more than 0. */
  attempts?: number;
}

/** One request to the target, counted by the replica that answers it. */
export function ask(path: string, { method = 'GET', name, headers = {}, body, attempts = 0 }: Ask): Answer {
  const json = body === undefined ? null : JSON.stringify(body);
  const sent = json === null ? headers : { ...headers, 'content-type': 'application/json' };
  const answer = http.request(method, `${TARGET}${path}`, json, {
    headers: { ...sent },
    tags: { name },
    timeout: '10s',
    responseType: 'text',
  });
  requestsByReplica.add(1, { replica: answer.headers['X-Served-By'] ?? 'none' });
  if (answer.headers['Idempotency-Replayed'] === 'true') replays.add(1);
  const wait = Number(answer.headers['Retry-After'] ?? Number.NaN);
  if (attempts === 0 || answer.status !== 503 || Number.isNaN(wait)) return answer;
  retries.add(1);
  sleep(Math.min(wait, 5) * (0.5 + Math.random()));
  return ask(path, { method, name, headers, body, attempts: attempts - 1 });
}

/** The answer's JSON, or undefined when it has none; T is what the check after it looks at, nothing is proved. */
export function jsonOf<T>(answer: Answer): Partial<T> | undefined {
  try {
    const parsed: Partial<T> | null = JSON.parse(answer.body ?? 'null');
    return parsed ?? undefined;
  } catch {
    return undefined;
  }
}
