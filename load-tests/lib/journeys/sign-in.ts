import { check } from 'k6';
import { ask, jsonOf } from '../http.ts';
import { pick } from '../pool.ts';
import type { PoolUser, Tokens } from '../users.ts';

/** Somebody signs in, looks at their account, stays for longer than a token lives, and leaves. */
export function signIn({ users }: { users: PoolUser[] }): void {
  const { email, password } = pick(users);
  const first = tokensOf('/v1/auth/login', { email, password });
  if (!first) return;
  const me = ask('/v1/me', { name: 'GET /v1/me', headers: bearer(first) });
  check(me, {
    'the account opens': ({ status }) => status === 200,
    'it is the account that signed in': () => jsonOf<{ email: string }>(me)?.email === email,
  });
  const second = tokensOf('/v1/auth/refresh', { refreshToken: first.refreshToken });
  if (!second) return;
  const left = ask('/v1/auth/logout', { method: 'POST', name: 'POST /v1/auth/logout', headers: bearer(second), body: {} });
  check(left, { 'the session ends': ({ status }) => status === 204 });
}

function tokensOf(path: string, body: unknown): Tokens | undefined {
  const answer = ask(path, { method: 'POST', name: `POST ${path}`, body });
  const { accessToken, refreshToken } = jsonOf<Tokens>(answer) ?? {};
  check(answer, { 'tokens come back': ({ status }) => status === 200 && accessToken !== undefined && refreshToken !== undefined });
  return accessToken && refreshToken ? { accessToken, refreshToken } : undefined;
}

const bearer = ({ accessToken }: Tokens) => ({ authorization: `Bearer ${accessToken}` });
