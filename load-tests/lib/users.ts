import { fail } from 'k6';
import { ask, jsonOf } from './http.ts';

/** Who the load signs in as. Any number of runs may use the same accounts. */
const USERS = 5;
const PASSWORD = 'a load test, no secret';

export interface PoolUser {
  email: string;
  password: string;
  /** Of the beginning: {@link tokenOf} has one that is still good. */
  accessToken: string;
  /** Milliseconds since 1970. */
  signedInAt: number;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** Signs the pool's users in, and registers them the first time. */
export function loadUsers(): PoolUser[] {
  return Array.from({ length: USERS }, (_, index) => {
    const user = { email: `load-${index + 1}@load.example`, password: PASSWORD };
    const known = ask('/v1/auth/login', { method: 'POST', name: 'setup', body: user });
    const answer = known.status === 401 ? ask('/v1/auth/register', { method: 'POST', name: 'setup', body: user }) : known;
    const accessToken = jsonOf<Tokens>(answer)?.accessToken;
    if (!accessToken) fail(`${user.email} could not sign in: ${answer.status} ${answer.body}`);
    return { ...user, accessToken, signedInAt: Date.now() };
  });
}

/** Milliseconds after which a token is fetched anew: it is good for ten minutes. */
const RENEW = 8 * 60_000;
/** This virtual user's own: k6 shares nothing between them. */
let fetched: { token: string; at: number } | undefined;

/** An access token of this virtual user's shopper, who signs in again when a run is longer than a token lives. */
export function tokenOf(users: readonly PoolUser[]): string {
  const user = users[__VU % users.length];
  if (user === undefined) throw new Error('there are no shoppers');
  fetched ??= { token: user.accessToken, at: user.signedInAt };
  if (Date.now() - fetched.at > RENEW) {
    const answer = ask('/v1/auth/login', { method: 'POST', name: 'sign in again', body: { email: user.email, password: user.password } });
    const token = jsonOf<Tokens>(answer)?.accessToken;
    // Refused, the next journey asks again.
    if (token !== undefined) fetched = { token, at: Date.now() };
  }
  return fetched.token;
}
