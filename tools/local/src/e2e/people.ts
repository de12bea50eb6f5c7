import { randomUUID } from 'node:crypto';
import type { ApiStatus } from '@tenfold/cluster';
import { until } from '../process/until.ts';
import type { Subject } from './subject.ts';

/** Somebody with an account, signed in once. */
export interface Person {
  email: string;
  password: string;
  tokens: Tokens;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

interface Answer {
  status: number;
  /** The problem's code; empty when it was none. */
  code: string;
  body: Readonly<Record<string, unknown>>;
}

/** Where requests go: the edge, or one replica past it. */
export type Door = string;
const door = ({ port }: Pick<ApiStatus, 'port'>): Door => `http://127.0.0.1:${port}`;

/** A door a replica, in the order of their names. */
export async function doors({ cluster }: Subject): Promise<Door[]> {
  return (await cluster.status()).api.map(door);
}

export async function post(at: Door, path: string, payload?: object, accessToken?: string): Promise<Answer> {
  const headers = {
    ...(payload && { 'content-type': 'application/json' }),
    ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
  };
  return toAnswer(await fetch(at + path, { method: 'POST', headers, ...(payload && { body: JSON.stringify(payload) }) }));
}

/** Who an access token belongs to, if it is good: the cheapest question that needs one. */
export async function me(at: Door, { accessToken }: Pick<Tokens, 'accessToken'>): Promise<Answer> {
  return toAnswer(await fetch(`${at}/v1/me`, { headers: { authorization: `Bearer ${accessToken}` } }));
}

export async function register({ url }: Pick<Subject, 'url'>): Promise<Person> {
  const account = { email: `u-${randomUUID()}@example.com`, password: `pw-${randomUUID()}` };
  const answer = await post(url, '/v1/auth/register', account);
  if (answer.status !== 201) throw new Error(`registering: ${JSON.stringify(answer.body)}`);
  return { ...account, tokens: tokensIn(answer) };
}

export const login = (at: Door, { email, password }: Pick<Person, 'email' | 'password'>) => post(at, '/v1/auth/login', { email, password });
export const refresh = (at: Door, { refreshToken }: Pick<Tokens, 'refreshToken'>) => post(at, '/v1/auth/refresh', { refreshToken });

export function tokensIn({ body }: Answer): Tokens {
  return { accessToken: String(body['accessToken']), refreshToken: String(body['refreshToken']) };
}

/** Waits until a replica refuses the token, and gives the code with which it does. */
export async function untilRefused(at: Door, tokens: Tokens, within: number): Promise<string> {
  const refusal = async () => {
    const { status, code } = await me(at, tokens);
    return status === 401 && code;
  };
  return until(refusal, { what: `${at} still took a token that was revoked`, within, every: 2 });
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const body: Record<string, unknown> = Object(text ? JSON.parse(text) : {});
  return { status: response.status, code: typeof body['code'] === 'string' ? body['code'] : '', body };
}
