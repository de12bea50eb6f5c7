import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, ask } from './client.ts';
import type { Account, Subject } from './subject.ts';

/** Somebody with an account, signed in once. */
export interface Person extends Account {
  tokens: Tokens;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** Where requests go: the edge, or one replica past it. */
export type Door = string;

export const newAccount = (): Account => ({ email: `u-${randomUUID()}@example.com`, password: `pw-${randomUUID()}` });

/** What is sent along by whoever is signed in. */
export const bearing = ({ accessToken }: Pick<Tokens, 'accessToken'>) => ({ authorization: `Bearer ${accessToken}` });

export function post(at: Door, path: string, payload?: object, accessToken?: string): Promise<Answer> {
  return ask(at + path, 'POST', payload, accessToken === undefined ? {} : bearing({ accessToken }));
}

/** Who an access token belongs to, if it is good: the cheapest question that needs one. */
export const me = (at: Door, tokens: Pick<Tokens, 'accessToken'>): Promise<Answer> => ask(`${at}/v1/me`, 'GET', undefined, bearing(tokens));

export async function register({ url }: Pick<Subject, 'url'>, account = newAccount()): Promise<Person> {
  const answer = await post(url, '/v1/auth/register', account);
  if (answer.status !== 201) throw new Error(`registering: ${answer.status} ${JSON.stringify(answer.body)}`);
  return { ...account, tokens: tokensIn(answer) };
}

export const login = (at: Door, { email, password }: Account) => post(at, '/v1/auth/login', { email, password });
export const refresh = (at: Door, { refreshToken }: Pick<Tokens, 'refreshToken'>) => post(at, '/v1/auth/refresh', { refreshToken });

/** What somebody who has just signed in sends with each request. */
export async function signIn({ url }: Pick<Subject, 'url'>, account: Account): Promise<{ authorization: string }> {
  const answer = await login(url, account);
  if (answer.status !== 200) throw new Error(`${account.email} can't sign in: ${answer.status} ${JSON.stringify(answer.body)}`);
  return bearing(tokensIn(answer));
}

export function tokensIn({ body }: Answer): Tokens {
  return { accessToken: String(body['accessToken']), refreshToken: String(body['refreshToken']) };
}

/** Waits until a replica refuses the token, and gives the code with which it does. @param within milliseconds. */
export async function untilRefused(at: Door, tokens: Tokens, within: number): Promise<string> {
  const deadline = performance.now() + within;
  for (;;) {
    const { status, code } = await me(at, tokens);
    if (status === 401) return code;
    if (performance.now() > deadline) throw new Error(`${at} still took a token that was revoked after ${within} ms`);
    await wait(2);
  }
}
