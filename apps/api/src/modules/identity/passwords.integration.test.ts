import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createMailTokens } from '@tenfold/auth';
import type { Sql } from '@tenfold/db';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { keyFor } from '../../deps.ts';
import { type Replica, startReplica, until } from '../../testing/replica.ts';

const stores = inject('stores');
const SECRET = 'signing-secret'.repeat(4);
const ACCOUNTS_MAIN = fileURLToPath(new URL('../../../../../packages/auth/src/accounts/main.ts', import.meta.url));
/** By this name its connections are found among those of other test files. */
const NAME = 'api-passwords';
let here: Replica;
let there: Replica;

beforeAll(async () => {
  const env = { RATE_LIMIT_SCALE: '1000', SIGNING_SECRET: SECRET, DB_LOCK_TIMEOUT: '30', DB_PRIMARY_STATEMENT_TIMEOUT: '30' };
  [here, there] = await Promise.all([startReplica(stores, NAME, env), startReplica(stores, 'api-2', env)]);
});
afterAll(() => Promise.all([here?.close(), there?.close()]));

const [PASSWORD, NEXT] = ['correct horse battery', 'another fine password'];
const sql = <Row extends object>(text: string, values: unknown[]) => there.app.db.primary.query<Row>(text, values);
const post = (replica: Replica, url: string, payload: object) => replica.app.inject({ method: 'POST', url: `/v1/auth/${url}`, payload });
const statusOf = (url: string, payload: object) => post(here, url, payload).then(({ statusCode }) => statusCode);
const register = async () => (await post(here, 'register', { email: `u-${randomUUID()}@example.com`, password: PASSWORD })).json();
const refresh = async (refreshToken: string) => (await post(there, 'refresh', { refreshToken })).json();

/** Holds the account until all requests wait for it, or one has been answered, then does `work` and commits. @returns their answers. */
async function whileLocked(userId: string, requests: () => Promise<number>[], work: (tx: Sql) => Promise<unknown>): Promise<number[]> {
  const { value: answers } = await there.app.db.primary.transaction(async (tx) => {
    await tx.query('SELECT 1 AS one FROM users WHERE user_id = $1 FOR NO KEY UPDATE', [userId]);
    let answered = 0;
    const asked = requests().map((request) => request.finally(() => (answered += 1)));
    const waiting = `SELECT 1 AS one FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`;
    await until('all wait', async () => answered > 0 || (await sql(waiting, [NAME])).length === asked.length);
    await work(tx);
    return { all: Promise.all(asked) };
  });
  return answers.all;
}

describe('a password that is changed while somebody signs in with the old one', () => {
  it('keeps them out, though the old one was checked before', async () => {
    const { user } = await register();
    const signIn = () => [statusOf('login', { email: user.email, password: PASSWORD })];
    const change = async (tx: Sql) => {
      await tx.query(`UPDATE users SET password_hash = 'another' WHERE user_id = $1`, [user.id]);
      await tx.query('UPDATE sessions SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL', [user.id]);
    };
    expect(await whileLocked(user.id, signIn, change)).toEqual([401]);
    expect(await sql('SELECT 1 AS one FROM sessions WHERE user_id = $1 AND revoked_at IS NULL', [user.id])).toEqual([]);
  });
});

describe('two mailed links that are used at once', () => {
  it('choose one password, and neither waits for the other for ever', async () => {
    const { user } = await register();
    const tokens = createMailTokens(keyFor({ ...Object(null), SIGNING_SECRET: SECRET }, 'mail-token'));
    const ids = [randomUUID(), randomUUID()];
    for (const id of ids) await addMailToken(user.id, id);
    const reset = (id: string) => ({ token: tokens.format('reset_password', { userId: user.id, id }), password: NEXT });
    const both = () => ids.map((id) => statusOf('reset-password', reset(id)));
    expect((await whileLocked(user.id, both, async () => undefined)).toSorted()).toEqual([204, 400]);
  });
});

describe('a password that an operator sets', () => {
  const setAccount = async (email: string, password: string, role = 'customer') => {
    const env = { DATABASE_URL: stores.postgres.primary.ownerUrl, ACCOUNTS: JSON.stringify([{ email, password, role }]) };
    return (await promisify(execFile)(process.execPath, [ACCOUNTS_MAIN], { env })).stdout;
  };

  it('ends all sessions of the account, on every replica, and the mailed links to choose another', async () => {
    const { user, accessToken, refreshToken } = await register();
    const link = randomUUID();
    await addMailToken(user.id, link);
    expect(await setAccount(user.email, NEXT)).toBe(`${user.email}: changed\n`);
    const me = () => here.get('/v1/me', { authorization: `Bearer ${accessToken}` });
    await until('the access token is refused', async () => (await me()).json().code === 'token_revoked', 5000);
    expect((await refresh(refreshToken)).code).toBe('refresh_token_revoked');
    expect(await sql('SELECT 1 AS one FROM mail_tokens WHERE id = $1 AND used_at IS NULL', [link])).toEqual([]);
    expect(await statusOf('login', { email: user.email, password: NEXT })).toBe(200);
  });

  it('and is the same as before, or comes with another role, ends none', async () => {
    const { user, refreshToken } = await register();
    expect(await setAccount(user.email, PASSWORD)).toBe(`${user.email}: kept\n`);
    expect(await setAccount(user.email, PASSWORD, 'staff')).toBe(`${user.email}: changed\n`);
    expect((await refresh(refreshToken)).accessToken).toEqual(expect.any(String));
  });
});

function addMailToken(userId: string, id: string) {
  return sql(`INSERT INTO mail_tokens (user_id, id, kind, expires_at) VALUES ($1, $2, 'reset_password', now() + interval '1 hour')`, [
    userId,
    id,
  ]);
}
