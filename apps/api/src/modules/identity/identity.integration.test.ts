import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startReplica, type Replica, until } from '../../testing/replica.ts';

const stores = inject('stores');
/** In a database of redis-state of its own: one test wipes it, and other files are at work in the first one. */
const env = { RATE_LIMIT_SCALE: '1000', CORS_ORIGINS: 'https://shop.example', REDIS_STATE_URL: `${stores.redis.state.url}/1` };
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
const register = async (email = anAddress()) => (await post(here, 'register', { email, password: PASSWORD, name: 'Ada' })).json();
const refresh = (replica: Replica, refreshToken: string) => post(replica, 'refresh', { refreshToken });
const me = (replica: Replica, token: string) => replica.get('/v1/me', bearer(token));
const isRefused = async (replica: Replica, token: string, code: string) => (await me(replica, token)).json().code === code;

describe('opening an account', () => {
  it('signs in at once, on every replica', async () => {
    const email = anAddress();
    const answer = await post(here, 'register', { email, password: PASSWORD });
    const { user, accessToken, refreshToken, expiresIn } = answer.json();
    expect([answer.statusCode, expiresIn, typeof refreshToken, answer.headers['cache-control']]).toEqual([201, 600, 'string', 'no-store']);
    expect(user).toMatchObject({ email, name: null, role: 'customer' });
    expect((await me(there, accessToken)).json()).toEqual(user);
  });

  it.each([
    [{ email: 'no address', password: PASSWORD }, 'email'],
    [{ email: 'a@b', password: PASSWORD }, 'email'],
    [{ email: 'a@example.com', password: 'x' }, 'password'],
    [{ email: 'a@example.com', password: 'x'.repeat(10_000) }, 'password'],
    [{ email: 'a@example.com', password: PASSWORD, role: 'admin' }, 'role'],
    [{ email: 'a@example.com', password: PASSWORD, active: true }, 'active'],
    [{ email: 'a@example.com', password: PASSWORD, name: 'a\u0000b' }, 'name'],
    [{ email: 'a@example.com' }, 'password'],
    [{ email: ['a@example.com'], password: PASSWORD }, 'email'],
  ])('refuses %j and names the field', async (payload, field) => {
    const answer = await post(here, 'register', payload);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
  });

  it('knows an address in whatever case and Unicode form it is typed', async () => {
    const id = randomUUID();
    await register(`josé-${id}@Example.com`);
    for (const email of [`JOSÉ-${id}@example.COM`, `jose\u0301-${id}@example.com`]) {
      expect((await post(there, 'register', { email, password: PASSWORD })).json()).toMatchObject({ status: 409, code: 'email_taken' });
      expect((await post(there, 'login', { email, password: PASSWORD })).statusCode).toBe(200);
    }
  });

  it('gives an address to one of two who ask at once', async () => {
    const email = anAddress();
    const answers = await Promise.all([here, there].map((replica) => post(replica, 'register', { email, password: PASSWORD })));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409]);
  });
});

describe('signing in', () => {
  it('says the same of a wrong password, an unknown address and a closed account', async () => {
    const { user } = await register();
    await here.app.db.primary.query('UPDATE users SET active = false WHERE user_id = $1', [user.id]);
    const { user: open } = await register();
    const problems = await Promise.all(
      [
        { email: open.email, password: 'wrong password' },
        { email: anAddress(), password: PASSWORD },
        { email: user.email, password: PASSWORD },
      ].map(async (payload) => {
        const answer = await post(there, 'login', payload);
        const { requestId: _, ...problem } = answer.json();
        return { ...problem, challenge: answer.headers['www-authenticate'] };
      }),
    );
    expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(1);
    expect(problems[0]).toMatchObject({ status: 401, code: 'invalid_credentials', challenge: 'Bearer realm="tenfold"' });
  });
});

describe('an access token', () => {
  it.each([
    [undefined, 'authentication_required'],
    ['Bearer', 'token_invalid'],
    ['Bearer x.y.z', 'token_invalid'],
    ['Basic dXNlcjpwYXNz', 'token_invalid'],
    [`Bearer ${'x'.repeat(4000)}`, 'token_invalid'],
  ])('%j is answered by 401 and %s', async (authorization, code) => {
    const answer = await here.get('/v1/me', authorization === undefined ? {} : { authorization });
    expect([answer.statusCode, answer.json().code, answer.json().type]).toEqual([401, code, `urn:tenfold:problem:${code}`]);
    expect(answer.headers['www-authenticate']).toContain('Bearer realm="tenfold"');
  });

  it('that is no good is not ignored where none is needed', async () => {
    expect((await here.get('/v1/categories', bearer('x.y.z'))).json().code).toBe('token_invalid');
  });
});

describe('refreshing', () => {
  it('of one token over two replicas at once gives the same successor', async () => {
    const { refreshToken } = await register();
    const answers = await Promise.all([refresh(here, refreshToken), refresh(there, refreshToken), refresh(here, refreshToken)]);
    expect(new Set(answers.map((answer) => answer.json().refreshToken)).size).toBe(1);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  });

  it('with a token of which the successor was used ends the session on every replica', async () => {
    const { refreshToken: first, accessToken } = await register();
    const second = (await refresh(here, first)).json().refreshToken;
    const third = (await refresh(there, second)).json().refreshToken;
    expect((await refresh(there, first)).json()).toMatchObject({ status: 401, code: 'refresh_token_reused' });
    expect((await refresh(here, third)).json().code).toBe('refresh_token_revoked');
    await until('the access token is refused', () => isRefused(here, accessToken, 'token_revoked'), 1000);
  });

  it('with a token that was used more than ten seconds ago does so too', async () => {
    const { refreshToken: first, user } = await register();
    const second = (await refresh(here, first)).json().refreshToken;
    await here.app.db.primary.query("UPDATE sessions SET rotated_at = now() - interval '11 seconds' WHERE user_id = $1", [user.id]);
    expect((await refresh(here, first)).json().code).toBe('refresh_token_reused');
    expect((await refresh(here, second)).json().code).toBe('refresh_token_revoked');
  });

  it('ends seven days after the last use', async () => {
    const { refreshToken, user } = await register();
    await here.app.db.primary.query("UPDATE sessions SET last_used_at = now() - interval '7 days 1 second' WHERE user_id = $1", [user.id]);
    expect((await refresh(here, refreshToken)).json()).toMatchObject({ status: 401, code: 'refresh_token_expired' });
  });

  it('needs a token that this service made', async () => {
    expect((await post(here, 'refresh')).json()).toMatchObject({ status: 401, code: 'refresh_token_missing' });
    expect((await refresh(here, 'A'.repeat(107))).json()).toMatchObject({ status: 401, code: 'refresh_token_invalid' });
    expect((await refresh(here, 'A'.repeat(10_000))).json()).toMatchObject({ status: 400, errors: [{ field: 'refreshToken' }] });
  });
});

describe('signing out', () => {
  it('is in force on the other replica within a second, and ends the refresh token', async () => {
    const { accessToken, refreshToken } = await register();
    expect((await me(there, accessToken)).statusCode).toBe(200);
    expect((await post(here, 'logout', undefined, bearer(accessToken))).statusCode).toBe(204);
    expect((await me(here, accessToken)).json().code).toBe('token_revoked');
    await until('the other replica knows', () => isRefused(there, accessToken, 'token_revoked'), 1000);
    expect((await refresh(there, refreshToken)).json().code).toBe('refresh_token_revoked');
  });

  it('of one session from another leaves the rest alone, and nobody can end the sessions of others', async () => {
    const { user, accessToken: first } = await register();
    const { accessToken: second } = (await post(there, 'login', { email: user.email, password: PASSWORD })).json();
    const { accessToken: stranger } = await register();
    const { items } = (await there.get('/v1/auth/sessions', bearer(second))).json();
    const other = items.find(({ current }: { current: boolean }) => !current);
    expect(items).toHaveLength(2);
    const end = (token: string) => here.app.inject({ method: 'DELETE', url: `/v1/auth/sessions/${other.id}`, headers: bearer(token) });
    expect((await end(stranger)).json()).toMatchObject({ status: 404, code: 'session_not_found' });
    expect((await me(there, first)).statusCode).toBe(200);
    expect((await end(second)).statusCode).toBe(204);
    await until('the other session has ended', () => isRefused(there, first, 'token_revoked'), 1000);
    expect((await me(there, second)).statusCode).toBe(200);
  });

  it('everywhere ends all sessions', async () => {
    const { user, accessToken: first } = await register();
    const { accessToken: second } = (await post(here, 'login', { email: user.email, password: PASSWORD })).json();
    expect((await post(here, 'logout-all', undefined, bearer(second))).statusCode).toBe(204);
    for (const token of [first, second]) await until('it has ended', () => isRefused(there, token, 'token_revoked'), 1000);
  });

  it('is not undone by a wiped redis-state, which signs nobody out either', async () => {
    const { accessToken: gone } = await register();
    const { accessToken: staying, refreshToken } = await register();
    await post(here, 'logout', undefined, bearer(gone));
    await until('both know', () => isRefused(there, gone, 'token_revoked'), 1000);
    await here.redisState.flushdb();
    const fresh = await startReplica(stores, 'api-3', env);
    try {
      for (const replica of [here, there, fresh]) {
        expect((await me(replica, gone)).json().code).toBe('token_revoked');
        expect((await me(replica, staying)).statusCode).toBe(200);
      }
      expect((await refresh(fresh, refreshToken)).statusCode).toBe(200);
    } finally {
      await fresh.close();
    }
  });
});

describe('changing the password', () => {
  it('needs the old one, and ends all other sessions', async () => {
    const { user, accessToken: mine } = await register();
    const { accessToken: other } = (await post(there, 'login', { email: user.email, password: PASSWORD })).json();
    const change = (currentPassword: string, newPassword: string) => post(here, 'password', { currentPassword, newPassword }, bearer(mine));
    expect((await change('wrong', 'another fine password')).json()).toMatchObject({ status: 403, errors: [{ field: 'currentPassword' }] });
    expect((await change(PASSWORD, 'x')).json()).toMatchObject({ status: 400, errors: [{ field: 'newPassword' }] });
    expect((await change(PASSWORD, 'another fine password')).statusCode).toBe(204);
    await until('the other session has ended', () => isRefused(there, other, 'token_revoked'), 1000);
    expect((await me(there, mine)).statusCode).toBe(200);
    expect((await post(there, 'login', { email: user.email, password: PASSWORD })).statusCode).toBe(401);
    expect((await post(there, 'login', { email: user.email, password: 'another fine password' })).statusCode).toBe(200);
  });
});

describe('the published keys', () => {
  it('are public halves alone', async () => {
    const answer = await here.get('/.well-known/jwks.json');
    expect(answer.json().keys[0]).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: expect.any(String),
      kid: expect.any(String),
      use: 'sig',
      alg: 'EdDSA',
    });
  });
});
