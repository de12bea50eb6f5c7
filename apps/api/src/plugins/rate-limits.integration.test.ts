import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startReplica, type Replica } from '../testing/replica.ts';

const stores = inject('stores');
let replicas: Replica[];

beforeAll(async () => {
  replicas = await Promise.all(['api-1', 'api-2', 'api-3'].map((name) => startReplica(stores, name)));
});
afterAll(() => Promise.all(replicas?.map((replica) => replica.close())));

let address = 0;
/** An address that no other test has used: the edge, whom the replica trusts, says so. */
const anAddress = () => {
  address += 1;
  return `198.51.100.${address}`;
};
const anEmail = () => `u-${randomUUID()}@example.com`;
const login = (replica: Replica, email: string, from: string, headers: Record<string, string> = {}) =>
  replica.app.inject({
    method: 'POST',
    url: '/v1/auth/login',
    remoteAddress: '127.0.0.1',
    headers: { 'x-forwarded-for': from, ...headers },
    payload: { email, password: 'wrong password' },
  });
const pick = (index: number): Replica => {
  const replica = replicas[index % replicas.length];
  if (!replica) throw new Error('no replica');
  return replica;
};

describe('sign-ins', () => {
  it('of one account are refused from the eleventh wrong password on, whichever replica and address they come by', async () => {
    const email = anEmail();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => login(pick(index), email, anAddress())));
    const codes = answers.map(({ statusCode }) => statusCode);
    expect(codes.filter((code) => code === 401)).toHaveLength(10);
    expect(codes.filter((code) => code === 429)).toHaveLength(20);
    const refused = answers.find(({ statusCode }) => statusCode === 429);
    expect(refused?.json().code).toBe('rate_limited');
    expect(refused?.headers).toMatchObject({ 'ratelimit-limit': '10', 'ratelimit-remaining': '0' });
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(890);
  });

  it('that succeed do not count against the account', async () => {
    const [email, password] = [anEmail(), 'correct horse battery'];
    const [first] = replicas;
    await first?.app.inject({
      method: 'POST',
      url: '/v1/auth/register',
      headers: { 'x-forwarded-for': anAddress() },
      payload: { email, password },
    });
    for (let index = 0; index < 12; index += 1) {
      const answer = await pick(index).app.inject({
        method: 'POST',
        url: '/v1/auth/login',
        headers: { 'x-forwarded-for': anAddress() },
        payload: { email, password },
      });
      expect(answer.statusCode).toBe(200);
    }
  });

  it('of one address are refused from the 101st on, and nothing that a client sends changes whose they are', async () => {
    const from = anAddress();
    const spoof = (index: number) => (index % 2 ? {} : { 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' });
    const answers = await Promise.all(
      Array.from({ length: 105 }, (_, index) => login(pick(index), anEmail(), `203.0.113.9, ${from}`, spoof(index))),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(5);
    expect((await login(pick(0), anEmail(), anAddress())).statusCode).toBe(401);
  }, 60_000);
});

describe('without redis-state', () => {
  it('each replica counts for itself: never more than the limit times the replicas', async () => {
    const email = anEmail();
    const nowhere = { ...stores, redis: { ...stores.redis, state: { ...stores.redis.state, url: 'redis://127.0.0.1:1' } } };
    const alone = await Promise.all(['api-4', 'api-5'].map((name) => startReplica(nowhere, name)));
    try {
      const answers = await Promise.all(alone.flatMap((replica) => Array.from({ length: 15 }, () => login(replica, email, anAddress()))));
      expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(20);
      expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(10);
    } finally {
      await Promise.all(alone.map((replica) => replica.close()));
    }
  });
});

describe('writes', () => {
  it('are counted by user, whichever replica they go to', async () => {
    const sub = randomUUID();
    const few = await Promise.all(['api-6', 'api-7'].map((name) => startReplica(stores, name, { RATE_LIMIT_WRITES: '5' })));
    try {
      const patch = (replica: Replica, who: string) =>
        replica.app.inject({ method: 'PATCH', url: '/v1/me', headers: replica.as('customer', who), payload: { name: 'x' } });
      const answers = await Promise.all(few.flatMap((replica) => Array.from({ length: 4 }, () => patch(replica, sub))));
      expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(3);
      const other = few[0];
      expect(other && (await patch(other, randomUUID())).statusCode).toBe(404); // counted apart; there is no such user
    } finally {
      await Promise.all(few.map((replica) => replica.close()));
    }
  });
});

describe('carts of guests', () => {
  const put = async (replica: Replica, from: string, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await replica.app.inject({
      method: 'PUT',
      url: '/v1/cart/items/NOT-ON-SALE',
      remoteAddress: '127.0.0.1',
      headers: { 'x-forwarded-for': from, ...headers },
      payload: { quantity: 1 },
    });
    return answer.json().code;
  };
  const one = anAddress();

  it.each([
    ['address', () => one, anAddress()],
    ['IPv4 address, written as IPv6 or not', (index: number) => (index % 2 ? '192.0.2.1' : '::ffff:192.0.2.1'), '::ffff:192.0.2.2'],
    ['/64 of IPv6', (index: number) => `2001:db8:0:1:${index.toString(16)}::1`, '2001:db8:0:2::1'],
  ])('are begun 200 times by one %s, whichever replica; one that was begun goes on', async (_what, from, another) => {
    const codes = await Promise.all(Array.from({ length: 210 }, (_, index) => put(pick(index), from(index))));
    expect(codes.filter((code) => code === 'sku_not_found')).toHaveLength(200);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(10);
    expect(await put(pick(0), from(0), { 'cart-token': 'of a cart that there is' })).toBe('sku_not_found');
    expect(await put(pick(0), another)).toBe('sku_not_found');
  });
});
