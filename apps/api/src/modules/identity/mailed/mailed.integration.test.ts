import { randomUUID } from 'node:crypto';
import { createMailTokens, type MailTokenKind } from '@tenfold/auth';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { keyFor } from '../../../deps.ts';
import { type Replica, startReplica, until } from '../../../testing/replica.ts';

const PASSWORD = 'correct horse battery staple';
const SECRET = 'signing-secret'.repeat(4);
let replica: Replica;

beforeAll(async () => {
  replica = await startReplica(inject('stores'), 'api-1', { RATE_LIMIT_SCALE: '1000', SIGNING_SECRET: SECRET });
});
afterAll(() => replica?.close());

const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  replica.app.inject({ method: 'POST', url, payload, headers });
const sql = <Row extends object>(text: string, values: unknown[]) => replica.app.db.primary.query<Row>(text, values);

async function register() {
  const email = `${randomUUID()}@example.com`;
  const { user, accessToken, refreshToken } = (
    await post('/v1/auth/register', { email, password: PASSWORD }, { 'user-agent': 'first' })
  ).json();
  return { email, userId: String(user.id), accessToken: String(accessToken), refreshToken: String(refreshToken) };
}

/** As the worker makes it for a mail. */
async function mailToken(kind: MailTokenKind, userId: string, lifetime = '1 hour'): Promise<string> {
  const id = randomUUID();
  await sql(`INSERT INTO mail_tokens (user_id, id, kind, expires_at) VALUES ($1, $2, $3, now() + $4::interval)`, [
    userId,
    id,
    kind,
    lifetime,
  ]);
  return createMailTokens(keyFor({ ...Object(null), SIGNING_SECRET: SECRET }, 'mail-token')).format(kind, { userId, id });
}
const mailsTo = (userId: string) =>
  sql<{ kind: string }>(`SELECT payload ->> 'kind' AS kind FROM outbox WHERE user_id = $1 AND topic = 'account.mail' ORDER BY id`, [
    userId,
  ]);

describe('a forgotten password', () => {
  it('is answered the same, with the same writes, whether or not there is an account', async () => {
    const { email } = await register();
    const asked = [email, `${randomUUID()}@example.com`];
    const answers = await Promise.all(asked.map((address) => post('/v1/auth/forgot-password', { email: address })));
    expect(answers.map(({ statusCode, body }) => [statusCode, body])).toEqual([
      [202, answers[0]?.body],
      [202, answers[0]?.body],
    ]);
    const written = await sql<{ email: string }>(`SELECT payload ->> 'email' AS email FROM outbox WHERE payload ->> 'email' = ANY ($1)`, [
      asked,
    ]);
    expect(written.map((row) => row.email).toSorted()).toEqual(asked.toSorted());
  });

  it('is replaced once by a mailed token: all sessions end, and the old password is no good', async () => {
    const { email, userId, accessToken, refreshToken } = await register();
    const [token, older] = [await mailToken('reset_password', userId), await mailToken('reset_password', userId)];
    const next = 'a password of another kind';
    const tries = await Promise.all([1, 2, 3].map(() => post('/v1/auth/reset-password', { token, password: next })));
    expect(tries.map(({ statusCode }) => statusCode).toSorted()).toEqual([204, 400, 400]);
    expect((await post('/v1/auth/reset-password', { token: older, password: next })).json()).toMatchObject({ code: 'mail_token_invalid' });
    expect((await post('/v1/auth/refresh', { refreshToken })).statusCode).toBe(401);
    const me = () => replica.get('/v1/me', { authorization: `Bearer ${accessToken}` });
    await until('the access token is refused', async () => (await me()).statusCode === 401, 1500);
    expect((await post('/v1/auth/login', { email, password: PASSWORD })).statusCode).toBe(401);
    expect((await post('/v1/auth/login', { email, password: next })).statusCode).toBe(200);
    expect(await sql('SELECT 1 FROM users WHERE user_id = $1 AND email_verified_at IS NOT NULL', [userId])).toHaveLength(1);
  });

  it('is not replaced by a token that is older than a password its owner chose since', async () => {
    const { email, userId, accessToken } = await register();
    const token = await mailToken('reset_password', userId);
    const next = 'a password of another kind';
    const change = { currentPassword: PASSWORD, newPassword: next };
    expect((await post('/v1/auth/password', change, { authorization: `Bearer ${accessToken}` })).statusCode).toBe(204);
    const answer = await post('/v1/auth/reset-password', { token, password: 'a password of a third kind' });
    expect(answer.json()).toMatchObject({ status: 400, code: 'mail_token_invalid' });
    expect((await post('/v1/auth/login', { email, password: next })).statusCode).toBe(200);
  });

  it.each([
    ['one that has expired', (userId: string) => mailToken('reset_password', userId, '-1 second')],
    ['one for something else', (userId: string) => mailToken('verify_email', userId)],
    ['one that was made up', async () => 'A'.repeat(86)],
  ])('is not replaced by %s', async (_what, make) => {
    const { email, userId } = await register();
    const answer = await post('/v1/auth/reset-password', { token: await make(userId), password: 'a password of another kind' });
    expect(answer.json()).toMatchObject({ status: 400, code: 'mail_token_invalid' });
    expect((await post('/v1/auth/login', { email, password: PASSWORD })).statusCode).toBe(200);
  });
});

describe('an e-mail address', () => {
  it('is verified once by a mailed token, which registering asks for', async () => {
    const { userId } = await register();
    expect(await mailsTo(userId)).toEqual([{ kind: 'verify_email' }]);
    const token = await mailToken('verify_email', userId);
    expect((await post('/v1/auth/verify-email', { token })).statusCode).toBe(204);
    expect((await post('/v1/auth/verify-email', { token })).statusCode).toBe(400);
    expect(await sql('SELECT 1 FROM users WHERE user_id = $1 AND email_verified_at IS NOT NULL', [userId])).toHaveLength(1);
  });
});

describe('the mail that verifies an address', () => {
  it('can be asked for again by its owner, until the address is verified', async () => {
    const { userId, accessToken } = await register();
    const ask = (headers: Record<string, string> = {}) => post('/v1/auth/verification-mail', {}, headers);
    const owner = { authorization: `Bearer ${accessToken}` };
    expect((await ask()).statusCode).toBe(401);
    expect((await ask(owner)).statusCode).toBe(202);
    expect(await mailsTo(userId)).toEqual([{ kind: 'verify_email' }, { kind: 'verify_email' }]);
    expect((await post('/v1/auth/verify-email', { token: await mailToken('verify_email', userId) })).statusCode).toBe(204);
    expect((await ask(owner)).statusCode).toBe(202);
    expect(await mailsTo(userId)).toHaveLength(2);
  });
});

describe('the owner of an account', () => {
  it('is told of a sign-in from a device that was not seen before, and of no other', async () => {
    const { email, userId } = await register();
    const signIn = (agent: string) => post('/v1/auth/login', { email, password: PASSWORD }, { 'user-agent': agent });
    await signIn('first');
    await signIn('second');
    await signIn('second');
    expect(await mailsTo(userId)).toEqual([{ kind: 'verify_email' }, { kind: 'new_device' }]);
  });

  it('is told when a used refresh token comes back', async () => {
    const { userId, refreshToken } = await register();
    const next = (await post('/v1/auth/refresh', { refreshToken })).json();
    await post('/v1/auth/refresh', { refreshToken: next.refreshToken });
    expect((await post('/v1/auth/refresh', { refreshToken })).json()).toMatchObject({ code: 'refresh_token_reused' });
    expect(await mailsTo(userId)).toEqual([{ kind: 'verify_email' }, { kind: 'token_reuse' }]);
  });
});
