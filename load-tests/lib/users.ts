import { fail } from 'k6';
import { ask, jsonOf } from './http.ts';

/** Who the load signs in as. Any number of runs may use the same accounts. */
const USERS = 5;
const PASSWORD = 'a load test, no secret';

export interface PoolUser {
  email: string;
  password: string;
  /** Good for ten minutes: journeys of a longer run go on as guests. */
  accessToken: string;
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
    return { ...user, accessToken };
  });
}
