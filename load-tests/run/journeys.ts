import type { Invocation } from './arguments.ts';
import { LoadError } from './errors.ts';

/** What a scenario does when nothing else is asked for. */
const ALL = ['browse', 'search', 'signIn'];
/** Sign-ins that an account may fail by default; a cluster that is meant to be loaded has a hundred times as many. */
const ENOUGH = 1000;

/**
 * Which journeys to run: those asked for, else all that the cluster will let one machine do. Signing in is limited by
 * address, and a load test comes from one; more than a few of them need a cluster started with RATE_LIMIT_SCALE.
 */
export async function journeysFor({ scenario, journeys }: Invocation, target: string, say: (line: string) => void): Promise<string[]> {
  if (journeys.length > 0) return journeys;
  if (scenario === 'smoke' || (await signInLimit(target)) >= ENOUGH) return ALL;
  say('signing in is left out: it is limited by address; `RATE_LIMIT_SCALE=100 npm start` lets it be loaded');
  return ALL.filter((name) => name !== 'signIn');
}

/** What the API says of its limit, to a sign-in that is none. @throws LoadError when it does not answer. */
async function signInLimit(target: string): Promise<number> {
  const answer = await fetch(`${target}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'nobody@load.example', password: 'not a password' }),
  }).catch(() => {
    throw new LoadError(`${target} does not answer.`);
  });
  return Number(answer.headers.get('ratelimit-limit') ?? 0);
}
