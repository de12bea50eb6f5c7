import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startReplica, type Replica } from '../../testing/replica.ts';

const stores = inject('stores');
const env = { RATE_LIMIT_SCALE: '1000', CORS_ORIGINS: 'https://shop.example' };
let here: Replica;
let there: Replica;

beforeAll(async () => {
  [here, there] = await Promise.all([startReplica(stores, 'api-1', env), startReplica(stores, 'api-2', env)]);
});
afterAll(() => Promise.all([here?.close(), there?.close()]));

const PASSWORD = 'correct horse battery';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const post = (replica: Replica, url: string, payload?: object, headers: Record<string, string> = {}) =>
  replica.app.inject({ method: 'POST', url: `/v1/auth/${url}`, headers, ...(payload && { payload }) });
const anAddress = () => `u-${randomUUID()}@example.com`;

describe('the refresh cookie', () => {
  const cookieOf = (answer: Awaited<ReturnType<typeof post>>) => String(answer.headers['set-cookie']);
  const signIn = async () => {
    const answer = await post(here, 'register', { email: anAddress(), password: PASSWORD, refreshTokenIn: 'cookie' });
    return { answer, cookie: cookieOf(answer).split(';')[0] ?? '' };
  };

  it('is out of reach of scripts and other hosts, and the token is nowhere else', async () => {
    const { answer } = await signIn();
    expect(answer.json()).not.toHaveProperty('refreshToken');
    expect(cookieOf(answer)).toMatch(/^__Host-tenfold-refresh=[\w-]+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  });

  it('refreshes without a body, and goes when the session ends', async () => {
    const { cookie } = await signIn();
    const answer = await post(there, 'refresh', undefined, { cookie, origin: 'https://shop.example' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).not.toHaveProperty('refreshToken');
    expect(cookieOf(answer).split(';')[0]).not.toBe(cookie);
    const out = await post(there, 'logout', undefined, bearer(answer.json().accessToken));
    expect(cookieOf(out)).toMatch(/^__Host-tenfold-refresh=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/);
  });

  it.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'https://shop.example.evil.example' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])("is not taken from another site's page: %j", async (headers) => {
    const { cookie } = await signIn();
    const answer = await post(there, 'refresh', undefined, { cookie, ...headers });
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'cross_site_request']);
    expect((await post(there, 'refresh', undefined, { cookie })).statusCode).toBe(200);
  });
});
