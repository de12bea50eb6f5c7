import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startReplica, type Replica, until } from '../../testing/replica.ts';

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
const register = async (email = anAddress()) => (await post(here, 'register', { email, password: PASSWORD, name: 'Ada' })).json();
const refresh = (replica: Replica, refreshToken: string) => post(replica, 'refresh', { refreshToken });
const me = (replica: Replica, token: string) => replica.get('/v1/me', bearer(token));
const isRefused = async (replica: Replica, token: string, code: string) => (await me(replica, token)).json().code === code;

describe('what administrators change', () => {
  it('is in force on every replica within a second, and written down', async () => {
    const adminId = randomUUID();
    const admin = here.as('admin', adminId);
    const { user, accessToken, refreshToken } = await register();
    const change = (payload: object) => here.app.inject({ method: 'PATCH', url: `/v1/admin/users/${user.id}`, headers: admin, payload });

    expect((await change({ role: 'staff' })).json()).toMatchObject({ id: user.id, role: 'staff', active: true });
    await until('the old token is refused', () => isRefused(there, accessToken, 'token_expired'), 1000);
    const next = (await refresh(there, refreshToken)).json();
    expect((await there.get('/v1/ops/dependencies', bearer(next.accessToken))).statusCode).toBe(200);

    expect((await change({ active: false })).statusCode).toBe(200);
    await until('the session has ended', () => isRefused(there, next.accessToken, 'token_revoked'), 1000);
    expect((await refresh(there, next.refreshToken)).json().code).toBe('refresh_token_revoked');
    const records = await here.app.db.primary.query('SELECT action, subject, detail FROM audit_records WHERE user_id = $1 ORDER BY id', [
      adminId,
    ]);
    expect(records).toEqual([
      { action: 'user.changed', subject: `user:${user.id}`, detail: { role: 'staff' } },
      { action: 'user.changed', subject: `user:${user.id}`, detail: { active: false } },
    ]);
  });

  it('is never their own account, nor one that there is not', async () => {
    const id = randomUUID();
    const change = (userId: string) =>
      here.app.inject({ method: 'PATCH', url: `/v1/admin/users/${userId}`, headers: here.as('admin', id), payload: { role: 'customer' } });
    expect((await change(id)).json()).toMatchObject({ status: 409, code: 'own_account' });
    expect((await change(randomUUID())).json()).toMatchObject({ status: 404, code: 'user_not_found' });
  });

  it('is found page by page and by address', async () => {
    const { user } = await register();
    const list = async (query: string) => (await there.get(`/v1/admin/users?${query}`, there.as('admin'))).json();
    const email = encodeURIComponent(String(user.email).toUpperCase());
    expect((await list(`email=${email}`)).items).toEqual([{ ...user, active: true }]);
    expect((await list(`email=${encodeURIComponent(anAddress())}`)).items).toEqual([]);
    const [, , oneOfStaff] = await Promise.all(Array.from({ length: 4 }, () => register()));
    await here.app.db.primary.query(`UPDATE users SET role = 'staff' WHERE user_id = $1`, [oneOfStaff.user.id]);
    const ofStaff = encodeURIComponent(String(oneOfStaff.user.email));
    expect((await list(`role=staff&email=${ofStaff}`)).items).toEqual([{ ...oneOfStaff.user, role: 'staff', active: true }]);
    expect((await list(`role=customer&email=${ofStaff}`)).items).toEqual([]);
    const roles = async (query: string) => new Set((await list(query)).items.map(({ role }: { role: string }) => role));
    expect([await roles('role=staff'), await roles('role=customer')]).toEqual([new Set(['staff']), new Set(['customer'])]);
    const first = await list('limit=2');
    const second = await list(`limit=2&cursor=${first.nextCursor}`);
    expect(new Set([...first.items, ...second.items].map(({ id }: { id: string }) => id)).size).toBe(4);
  });
});
