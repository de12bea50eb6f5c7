import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { startTestStores, type TestStores } from '@tenfold/local/testing';
import { createProducerRedis, createQueues, type Relay, startRelay } from '@tenfold/queue';
import { createLogger, createMetrics } from '@tenfold/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, type Kind, openLive, orderEvents, Refused } from '../../testing/live-client.ts';
import { type Replica, until } from '../../testing/replica.ts';
import { openShop, type Shop } from '../../testing/shop.ts';

let stores: TestStores;
let shop: Shop;
let here: string;
let there: string;
let endRelay: () => Promise<void>;

beforeAll(async () => {
  stores = await startTestStores({ replicas: 0 });
  shop = await openShop(stores.facts, { replicas: 2, env: { LIVE_MAX_STREAMS_PER_USER: '3' } });
  [here = '', there = ''] = await Promise.all(shop.replicas.map(({ app }) => app.listen({ host: '127.0.0.1', port: 0 })));
  endRelay = relayEvents();
  for (const at of [here, there]) {
    await until('streams can be opened', async () => (await refusal('sse', `${at}/v1/live`, as(randomUUID()))) === 'opened', 60_000);
  }
});
afterAll(async () => {
  await endRelay?.();
  await shop?.close();
  await stores?.close();
});

function one(index = 0): Replica {
  const replica = shop.replicas[index];
  if (!replica) throw new Error('there are two');
  return replica;
}
const as = (userId: string) => one().as('customer', userId);
const open = (kind: Kind, at: string, userId: string, query = '') => openLive(kind, `${at}/v1/live${query}`, as(userId));
const refusal = (kind: Kind, url: string, headers = {}) =>
  openLive(kind, url, headers).then(
    (client) => {
      client.close();
      return 'opened';
    },
    (error: unknown) => (error instanceof Refused ? error.message : error),
  );

/** What the worker does with events. */
function relayEvents() {
  const logger = createLogger({ name: 'relay', level: 'silent' });
  const redis = createProducerRedis(stores.facts.redis.state.url, 'relay', logger);
  const queues = createQueues(redis);
  const relay: Relay = startRelay({
    sql: shop.primary,
    redis,
    queues,
    logger,
    metrics: createMetrics({}),
    lease: 1000,
    republishAfter: 60_000,
    onStateLost: async () => undefined,
  });
  return async () => {
    await relay.close();
    await queues.close();
    redis.disconnect();
  };
}

async function buy(userId: string, sku: string): Promise<string> {
  const answer = await shop.order(userId, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' });
  if (answer.statusCode !== 201) throw new Error(answer.body);
  return answer.json().id;
}

describe.each(KINDS)('a live stream over %s', (kind) => {
  it("brings the changes of the user's own orders, in order, and nobody else's", async () => {
    const [mine, other] = [await shop.account(), await shop.account()];
    const { sku } = await shop.product();
    const [first, second, stranger] = await Promise.all([open(kind, here, mine), open(kind, there, mine), open(kind, there, other)]);
    const orderId = await buy(mine, sku);
    await until('the order is placed', () => orderEvents(second).length === 1);
    await shop.ask(mine, 'POST', `/v1/orders/${orderId}/cancel`);
    const expected = [
      { event: 'order.placed', data: { orderId, state: 'pending', at: expect.stringMatching(/^\d{4}-.*Z$/) } },
      { event: 'order.cancelled', data: { orderId, state: 'cancelled', at: expect.any(String) } },
    ];
    for (const client of [first, second]) {
      await until('the order is cancelled', () => orderEvents(client).length === 2);
      expect(orderEvents(client)).toMatchObject(expected);
      expect(orderEvents(client).every(({ id }) => /^\d+-\d+$/.test(id ?? ''))).toBe(true);
    }
    const theirs = await buy(other, sku);
    await until('the other has heard of theirs', () => orderEvents(stranger).length > 0);
    expect(orderEvents(stranger).map(({ data }) => data['orderId'])).toEqual([theirs]);
    expect(orderEvents(first)).toHaveLength(2);
    expect([first.servedBy, second.servedBy]).toEqual(['api-1', 'api-2']);
    for (const client of [first, second, stranger]) client.close();
  });

  it('goes on at any replica from the last id, while events come: none missed, none twice', async () => {
    const userId = await shop.account();
    const { sku } = await shop.product({ available: 1000 });
    const before = await open(kind, here, userId);
    let { lastId } = before;
    before.close();
    const placed: string[] = [];
    const buying = (async () => {
      for (let count = 0; count < 60; count += 1) placed.push(await buy(userId, sku));
    })();
    const heard: unknown[] = [];
    for (let hop = 1; heard.length < 60; hop += 1) {
      const client = await open(kind, hop % 2 === 0 ? here : there, userId, `?lastEventId=${lastId}`);
      expect(client.frames[0]).toEqual({ id: lastId, event: 'ready', data: {} });
      await until('some came', () => orderEvents(client).length >= 1, 20_000);
      heard.push(...orderEvents(client).map(({ data }) => data['orderId']));
      ({ lastId } = client);
      client.close();
    }
    await buying;
    expect(heard).toEqual(placed);
  });

  it('takes a ticket instead of a token, once, on whichever replica, for 30 s', async () => {
    const userId = await shop.account();
    const take = async () => (await shop.ask(userId, 'POST', '/v1/live/tickets')).json();
    const { ticket, expiresIn } = await take();
    expect(expiresIn).toBe(30);
    const client = await openLive(kind, `${there}/v1/live?ticket=${ticket}`);
    const { sku } = await shop.product();
    await buy(userId, sku);
    await until('it is the stream of who got the ticket', () => orderEvents(client).length === 1);
    for (const at of [here, there]) expect(await refusal(kind, `${at}/v1/live?ticket=${ticket}`)).toBe('401 ticket_invalid');
    client.close();

    const { ticket: late } = await take();
    const { redisState } = one();
    const [key = '', ...others] = await redisState.keys('tenfold:live:ticket:*');
    expect(others).toEqual([]);
    expect(await redisState.ttl(key)).toBeGreaterThan(28);
    expect(key + (await redisState.get(key))).not.toContain(late);
    await redisState.pexpire(key, 1);
    await until('its time is over', async () => (await redisState.exists(key)) === 0);
    expect(await refusal(kind, `${here}/v1/live?ticket=${late}`)).toBe('401 ticket_invalid');
  });

  it('is refused with a problem', async () => {
    const userId = await shop.account();
    const live = `${here}/v1/live`;
    expect(await refusal(kind, live)).toBe('401 authentication_required');
    expect(await refusal(kind, live, { authorization: 'Bearer x' })).toBe('401 token_invalid');
    expect(await refusal(kind, `${live}?ticket=${'x'.repeat(43)}`)).toBe('401 ticket_invalid');
    for (const query of ['ticket=x', 'lastEventId=x', 'lastEventId=1', 'token=x']) {
      expect(await refusal(kind, `${live}?${query}`, as(userId))).toBe('400 invalid_request');
    }
    const open3 = await Promise.all([1, 2, 3].map(() => open(kind, here, userId)));
    expect(await refusal(kind, live, as(userId))).toBe('429 too_many_streams');
    for (const client of open3) client.close();
    await until('they are gone', async () => (await refusal(kind, live, as(userId))) === 'opened');
  });
});

describe('the address of live streams', () => {
  it('answers nothing but streams', async () => {
    const answer = await one().get('/v1/live', as(randomUUID()));
    expect(answer.json()).toMatchObject({ status: 406, code: 'not_acceptable' });
    expect((await one().app.inject({ method: 'HEAD', url: '/v1/live' })).statusCode).toBe(405);
  });

  it('is the only one that upgrades: elsewhere that is a request like others', async () => {
    expect(await refusal('websocket', `${here}/v1/me`)).toBe('401 authentication_required');
    expect(await refusal('websocket', `${here}/v1/live/tickets`)).toBe('405 method_not_allowed');
  });

  it('answers a handshake that is none with a problem', async () => {
    const headers = { ...as(randomUUID()), connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const [response]: IncomingMessage[] = await once(get(`${here}/v1/live`, { headers }), 'response');
    const problem = JSON.parse((await response?.setEncoding('utf8').toArray())?.join('') ?? '');
    expect([response?.statusCode, response?.headers['content-type']]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect(problem).toMatchObject({ status: 400, code: 'bad_request', detail: expect.stringContaining('Sec-WebSocket-Key') });
  });

  it('counts streams and what they were sent', async () => {
    const userId = await shop.account();
    const { sku } = await shop.product();
    const client = await open('sse', here, userId);
    await buy(userId, sku);
    await until('it was told', () => orderEvents(client).length === 1);
    client.close();
    await until('all are closed', async () => /^live_streams 0$/m.test(await one().metrics.metrics()));
    const text = await one().metrics.metrics();
    expect(text).toMatch(/live_streams_opened_total\{wire="sse"\} [1-9]/);
    expect(text).toMatch(/live_events_sent_total [1-9]/);
    expect(text).toMatch(/live_streams_ended_total\{reason="client"\} [1-9]/);
    expect(text).not.toMatch(/http_request_duration_seconds_count\{[^}]*"\/v1\/live",status="200"/);
  });
});
