import type { Invocation } from './arguments.ts';
import { LoadError } from './errors.ts';

/** What a scenario does when nothing else is asked for. */
export const ALL: readonly string[] = ['browse', 'search', 'cart', 'checkout', 'signIn', 'live'];
/** Those that are limited by address or account, and a load test is few of either. */
const LIMITED = new Set(['cart', 'checkout', 'signIn', 'live']);
/** Sign-ins that an account may fail by default; a cluster that is meant to be loaded has a hundred times as many. */
const ENOUGH = 1000;

/**
 * Which journeys to run: those asked for, else all that the cluster will let one machine do. Sign-ins and guests'
 * carts are limited by address and writes by account; more than a few of them need a cluster started with RATE_LIMIT_SCALE.
 */
export async function journeysFor({ scenario, journeys }: Invocation, target: string, say: (line: string) => void): Promise<string[]> {
  if (journeys.length > 0) return journeys;
  if (scenario === 'smoke' || (await signInLimit(target)) >= ENOUGH) return [...ALL];
  say('signing in, carts and buying are left out: they are limited; `RATE_LIMIT_SCALE=1000 npm start` lets them be loaded');
  return ALL.filter((name) => !LIMITED.has(name));
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
