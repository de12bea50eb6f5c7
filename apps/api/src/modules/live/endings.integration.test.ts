import { randomUUID } from 'node:crypto';
import { startTestStores, type TestStores } from '@tenfold/local/testing';
import { appendLive, createProducerRedis } from '@tenfold/queue';
import { createLogger } from '@tenfold/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KINDS, type Kind, type LiveClient, openLive, orderEvents, refusal } from '../../testing/live-client.ts';
import { type Replica, startReplica, until } from '../../testing/replica.ts';

interface Listening {
  replica: Replica;
  url: string;
}

let stores: TestStores;
let producer: ReturnType<typeof createProducerRedis>;
let here: Listening;
let there: Listening;
const env = { RATE_LIMIT_SCALE: '1000' };

async function listen(name: string, more: Record<string, string> = {}): Promise<Listening> {
  const replica = await startReplica(stores.facts, name, { ...env, ...more });
  const url = `${await replica.app.listen({ host: '127.0.0.1', port: 0 })}/v1/live`;
  await until('streams can be opened', () => isServed(url, replica), 60_000);
  return { replica, url };
}
const isServed = async (url: string, replica: Replica) => (await refusal('sse', url, replica.as('customer'))) === 'opened';

beforeAll(async () => {
  stores = await startTestStores({ replicas: 0 });
  producer = createProducerRedis(stores.facts.redis.state.url, 'relay', createLogger({ name: 'relay', level: 'silent' }));
  [here, there] = await Promise.all([listen('api-1'), listen('api-2')]);
});
afterAll(async () => {
  producer?.disconnect();
  await Promise.all([here?.replica.close(), there?.replica.close()]);
  await stores?.close();
});

const open = (kind: Kind, { url, replica }: Listening, userId: string, lastId?: string) =>
  openLive(kind, lastId === undefined ? url : `${url}?lastEventId=${lastId}`, replica.as('customer', userId));

let made = 0;
/** Something happens to an order of theirs. @returns the order. */
async function happen(userId: string, count = 1, reason?: string): Promise<string[]> {
  const rows = Array.from({ length: count }, () => {
    const id = `019b7654-8c00-7abc-8def-${String((made += 1)).padStart(12, '0')}`;
    return {
      userId,
      id,
      topic: 'order.paid',
      payload: { userId, orderId: id, reason },
      pending: ['live'],
      createdAt: new Date().toISOString(),
    };
  });
  await until('redis-state is there', () => producer.status === 'ready', 20_000);
  await appendLive(producer, rows);
  return rows.map(({ id }) => id);
}
const ordersOf = (client: LiveClient) => orderEvents(client).map(({ data }) => data['orderId']);
const ending = ({ frames }: LiveClient) => frames.at(-1);
const hasEnded = (client: LiveClient, within = 30_000) => until('it has ended', () => client.closed !== undefined, within);
const endsWith = (kind: Kind, client: LiveClient, reason: string, code: number) => {
  expect(ending(client)).toEqual({ event: 'end', data: { reason, retry: expect.any(Number) } });
  expect(client.closed).toBe(kind === 'websocket' ? code : 0);
};

describe.each(KINDS)('a stream over %s ends', (kind) => {
  // A second try for a claim of time: one hiccup of the machine must not decide it.
  it('within a second of its session, ended at another replica', { retry: 2 }, async () => {
    const account = { email: `${randomUUID()}@example.com`, password: 'correct horse battery', name: 'Ada' };
    const { accessToken } = (await here.replica.app.inject({ method: 'POST', url: '/v1/auth/register', payload: account })).json();
    const headers = { authorization: `Bearer ${accessToken}` };
    const { ticket } = (await here.replica.app.inject({ method: 'POST', url: '/v1/live/tickets', headers })).json();
    const clients = [await openLive(kind, here.url, headers), await openLive(kind, `${here.url}?ticket=${ticket}`)];
    await there.replica.app.inject({ method: 'POST', url: '/v1/auth/logout', headers });
    await until('both have ended', () => clients.every(({ closed }) => closed !== undefined), 1000);
    for (const client of clients) endsWith(kind, client, 'token_revoked', 4401);
    expect(await refusal(kind, here.url, headers)).toBe('401 token_revoked');
  });

  it('with its token, and goes on with another one', async () => {
    const brief = await listen('api-3', { ACCESS_TOKEN_LIFETIME: '2' });
    const userId = randomUUID();
    const client = await open(kind, brief, userId);
    const [before] = await happen(userId);
    await hasEnded(client, 4000);
    endsWith(kind, client, 'token_expired', 4401);
    const [meanwhile] = await happen(userId);
    const next = await open(kind, brief, userId, client.lastId);
    await until('it is told', () => ordersOf(next).length === 1);
    expect([ordersOf(client), ordersOf(next)]).toEqual([[before], [meanwhile]]);
    next.close();
    await brief.replica.close();
  });

  it('when its client takes nothing in', async () => {
    const userId = randomUUID();
    const client = await open(kind, here, userId);
    const quick = await open(kind, here, userId);
    client.pause();
    const dropped = async () => /live_streams_ended_total\{reason="slow_consumer"\} [1-9]/.test(await here.replica.metrics.metrics());
    let sent = 0;
    await until(
      'it is dropped',
      async () => {
        sent += (await happen(userId, 100, 'x'.repeat(200))).length;
        return dropped();
      },
      60_000,
    );
    await until('the other one has all', () => orderEvents(quick).length >= sent, 60_000);
    expect([orderEvents(quick).length, quick.closed]).toEqual([sent, undefined]);
    here.replica.metrics.resetMetrics();
    quick.close();
    client.close();
  });

  it('when its replica drains, which takes no more; goes on at another', { retry: 2 }, async () => {
    const leaving = await listen('api-3', { DRAIN_WAIT: '1' });
    const userId = randomUUID();
    const clients = await Promise.all([1, 2, 3].map(() => open(kind, leaving, userId)));
    leaving.replica.lifecycle.state = 'draining';
    expect(await refusal(kind, leaving.url, leaving.replica.as('customer'))).toBe('503 live_draining');
    await until('all have ended', () => clients.every(({ closed }) => closed !== undefined), 1500); // 0.6 s, and a look each 0.25 s
    const [meanwhile] = await happen(userId);
    for (const client of clients) {
      endsWith(kind, client, 'draining', 1012);
      const next = await open(kind, there, userId, client.lastId);
      await until('it is told', () => ordersOf(next).length === 1);
      expect(ordersOf(next)).toEqual([meanwhile]);
      next.close();
    }
    await leaving.replica.close();
  });

  it('when the process ends, which does not wait for it', async () => {
    const leaving = await listen('api-3');
    const client = await open(kind, leaving, randomUUID());
    const began = performance.now();
    await leaving.replica.close();
    await hasEnded(client);
    expect(performance.now() - began).toBeLessThan(3000);
    endsWith(kind, client, 'draining', 1012);
  });
});

describe('a stream', () => {
  it.each(KINDS)('shows over %s that it lives', async (kind) => {
    const beating = await listen('api-3', { LIVE_HEARTBEAT: '0.3' });
    const client = await open(kind, beating, randomUUID());
    await until('its heart has beaten', () => client.beats >= 3);
    expect(client.closed).toBeUndefined();
    client.close();
    await beating.replica.close();
  });

  it('over WebSocket is dropped when its client does not answer, or says something', async () => {
    const beating = await listen('api-3', { LIVE_HEARTBEAT: '0.3' });
    const silent = await openLive('websocket', beating.url, beating.replica.as('customer'), { autoPong: false });
    await hasEnded(silent);
    expect(silent.closed).toBe(1006);
    expect(await beating.replica.metrics.metrics()).toContain('live_streams_ended_total{reason="dead"} 1');
    const talkative = await openLive('websocket', beating.url, beating.replica.as('customer'));
    talkative.say('hello');
    await hasEnded(talkative);
    endsWith('websocket', talkative, 'unexpected_message', 1008);
    await beating.replica.close();
  });

  it('is refused at a replica that has as many as it may', async () => {
    const small = await listen('api-3', { LIVE_MAX_STREAMS: '2' });
    await until('none is left', async () => (await small.replica.metrics.metrics()).includes('\nlive_streams 0'));
    const clients = await Promise.all([open('sse', small, randomUUID()), open('websocket', small, randomUUID())]);
    expect(await refusal('websocket', small.url, small.replica.as('customer'))).toBe('503 live_full');
    for (const client of clients) client.close();
    await small.replica.close();
  });
});

describe.each(KINDS)('when redis-state', (kind) => {
  beforeEach(async () => {
    // Streams have a connection of their own: the others may be back later.
    const isBack = async ({ url, replica }: typeof here) =>
      [producer, replica.redisState].every(({ status }) => status === 'ready') && isServed(url, replica);
    for (const one of [here, there]) await until('streams can be opened', () => isBack(one), 20_000);
  });

  it(`is wiped, a stream over ${kind} is told to begin anew, open or resumed, and goes on`, async () => {
    const userId = randomUUID();
    const client = await open(kind, here, userId);
    const [before] = await happen(userId);
    await until('it is told', () => ordersOf(client).length === 1);
    const { lastId } = client;
    await here.replica.redisState.flushall();
    await until('it is told to begin anew', () => client.frames.some(({ event }) => event === 'reset'));
    await until('the other replica knows', () => isServed(there.url, there.replica));
    const resumed = await open(kind, there, userId, lastId);
    expect(resumed.frames[0]).toMatchObject({ event: 'reset', id: expect.stringMatching(/^\d+-\d+$/) });
    const [after] = await happen(userId);
    for (const one of [client, resumed]) {
      await until('it goes on', () => ordersOf(one).at(-1) === after);
      expect(one.frames.filter(({ event }) => event === 'reset')).toHaveLength(1);
    }
    expect([ordersOf(client), ordersOf(resumed)]).toEqual([[before, after], [after]]);
    const again = await open(kind, here, userId, resumed.lastId);
    expect(again.frames).toMatchObject([{ event: 'ready' }]);
    for (const one of [client, resumed, again]) one.close();
  });

  it(`answers later than a request would wait, a stream over ${kind} is opened all the same`, async () => {
    await producer.client('PAUSE', 400);
    const client = await open(kind, here, randomUUID());
    expect(client.frames.map(({ event }) => event)).toEqual(['ready']);
    client.close();
  });

  it(`restarts, a client over ${kind} is told to begin anew: on its stream, or on the next one if it took long`, async () => {
    const userId = randomUUID();
    let client = await open(kind, here, userId);
    await stores.stop('redis-state');
    expect(await refusal(kind, here.url, here.replica.as('customer'))).toBe('503 live_unavailable');
    await stores.start('redis-state');
    const isReset = () => client.frames.some(({ event }) => event === 'reset');
    await until('it is told something', () => isReset() || client.closed !== undefined, 20_000);
    if (!isReset()) {
      endsWith(kind, client, 'unavailable', 1013);
      await until('it is back', () => isServed(here.url, here.replica), 20_000);
      client = await open(kind, here, userId, client.lastId);
    }
    const [after] = await happen(userId);
    await until('it goes on', () => ordersOf(client).at(-1) === after);
    expect([isReset(), client.closed]).toEqual([true, undefined]);
    client.close();
  });

  it(`is gone, a stream over ${kind} ends, and none is opened until it is back`, async () => {
    const userId = randomUUID();
    const client = await open(kind, here, userId);
    await stores.stop('redis-state');
    await hasEnded(client, 60_000);
    endsWith(kind, client, 'unavailable', 1013);
    const headers = here.replica.as('customer', userId);
    expect(await refusal(kind, here.url, headers)).toBe('503 live_unavailable');
    const ticket = await here.replica.app.inject({ method: 'POST', url: '/v1/live/tickets', headers });
    expect([ticket.statusCode, ticket.json().code, ticket.headers['retry-after']]).toEqual([503, 'live_unavailable', '1']);
    await stores.start('redis-state');
  });
});
