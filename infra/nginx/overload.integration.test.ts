import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ask, askRaw } from './testing/ask.ts';
import { startCluster, together } from './testing/cluster.ts';
import { answers, type Behaviour } from './testing/replica.ts';
import { until } from './testing/until.ts';

/** A replica that works on every request until it is let go. */
function heldBack(): { behave: Behaviour; release: () => void; held: ServerResponse[] } {
  const held: ServerResponse[] = [];
  return {
    held,
    behave: (response) => void held.push(response),
    release: () => {
      for (const response of held.splice(0)) response.end('done');
    },
  };
}

describe.concurrent('more in flight than the replicas may have', () => {
  it('is refused at once with a 503 problem, and never sent', async ({ onTestFinished }) => {
    const { port, edge, all, received } = await startCluster(onTestFinished, 2, { maxConnsBrowse: 4 });
    const work = heldBack();
    all(work.behave);
    const asked = together(20, () => ask(port, '/v1/products'));
    await until('8 are held and 12 refused', async () => work.held.length === 8 && (await edge.log()).split('"status":503').length === 13);
    work.release();
    const given = await asked;
    const excess = given.filter(({ status }) => status === 503);
    expect(given.filter(({ status }) => status === 200)).toHaveLength(8);
    expect(excess).toHaveLength(12);
    for (const answer of excess) {
      expect(answer.headers).toMatchObject({ 'retry-after': '1', 'x-served-by': 'edge' });
      expect(answer.json()).toMatchObject({ status: 503, code: 'unavailable' });
      expect(answer.took).toBeLessThan(500);
    }
    expect(received()).toBe(8);
  });

  it('of one class leaves the places of the others alone', async ({ onTestFinished }) => {
    const { port, all } = await startCluster(onTestFinished, 1, { maxConnsBrowse: 4, maxConnsCheckout: 1, maxConnsSignin: 1 });
    const work = heldBack();
    all((response, request) => (request.url === '/v1/products' ? work.behave(response, request) : response.end('done')));
    const browsing = together(4, () => ask(port, '/v1/products'));
    await until('browse is full', () => work.held.length === 4);
    expect((await ask(port, '/v1/products/mug')).status).toBe(503);
    for (const path of ['/v1/orders', '/v1/orders/1', '/v1/cart', '/v1/payments/1/capture', '/v1/auth/login']) {
      expect([path, (await ask(port, path, { method: 'POST' })).status]).toEqual([path, 200]);
    }
    // A key puts a request in no other class.
    expect((await ask(port, '/v1/orders', { method: 'POST', headers: { 'idempotency-key': 'k' } })).status).toBe(200);
    expect((await ask(port, '/v1/products', { method: 'POST', headers: { 'idempotency-key': 'k' } })).status).toBe(503);
    work.release();
    await browsing;
  });

  it('does not begin with readers who take their time: the replica is done at once', async ({ onTestFinished }) => {
    const { port, all } = await startCluster(onTestFinished, 1, { maxConnsBrowse: 1 });
    all((response) => response.end(Buffer.alloc(1_800_000, 'x')));
    const slow = connect(port, '127.0.0.1', () => slow.write('GET /docs HTTP/1.1\r\nHost: shop.example\r\n\r\n'));
    slow.pause();
    const served = async () => (await ask(port, '/v1/products')).status === 200;
    await expect(until('another is served', served, 2000)).resolves.toBe(true);
    slow.destroy();
  });
});

describe.concurrent('a client that goes away', () => {
  it('frees its place at the replica', async ({ onTestFinished }) => {
    const { port, all } = await startCluster(onTestFinished, 1, { maxConnsBrowse: 1 });
    const work = heldBack();
    all(work.behave);
    const client = connect(port, '127.0.0.1', () => client.write('GET /v1/products HTTP/1.1\r\nHost: a\r\n\r\n'));
    await until('it is held', () => work.held.length === 1);
    client.destroy();
    all(answers);
    const served = async () => (await ask(port, '/v1/products')).status === 200;
    await expect(until('another is served', served, 2000)).resolves.toBe(true);
  });
});

describe.concurrent('a client that asks too much', () => {
  it('gets a 429 problem; exempt networks and other clients do not', async ({ onTestFinished }) => {
    const { port, received } = await startCluster(onTestFinished, 1, { rate: 1, burst: 4 });
    const started = performance.now();
    const given = await together(40, () => ask(port, '/v1/products', { from: '127.0.0.2' }));
    const refused = given.filter(({ status }) => status === 429);
    // One at once, four ahead of the rate, and one for each second that this took on a busy machine.
    const times = given.flatMap(({ status, took }) => (status === 200 ? took : [])).sort((a, b) => a - b);
    const served = times.length;
    expect(served).toBeGreaterThanOrEqual(5);
    // At once, not one a second.
    expect(times[4]).toBeLessThan(2000);
    expect(served).toBeLessThanOrEqual(5 + Math.ceil((performance.now() - started) / 1000));
    expect(refused).toHaveLength(40 - served);
    expect(received()).toBe(served);
    for (const answer of refused) {
      expect(answer.headers).toMatchObject({ 'retry-after': '1', 'x-served-by': 'edge', 'content-type': 'application/problem+json' });
      expect(answer.json()).toMatchObject({ status: 429, code: 'rate_limited', instance: '/v1/products' });
    }
    const keyed = { from: '127.0.0.2', method: 'POST', headers: { 'idempotency-key': 'k' } };
    const orders = await together(10, () => ask(port, '/v1/orders', keyed));
    expect(orders.some(({ status }) => status === 429)).toBe(true);
    expect((await ask(port, '/edge-health', { from: '127.0.0.2' })).status).toBe(200);
    expect((await ask(port, '/v1/products', { from: '127.0.0.3' })).status).toBe(200);
    const exempt = await together(12, () => ask(port, '/v1/products', { from: '127.0.0.1' }));
    expect(exempt.every(({ status }) => status === 200)).toBe(true);
  });

  it('is not made another client by a header', async ({ onTestFinished }) => {
    const { port } = await startCluster(onTestFinished, 1, { rate: 1, burst: 1 });
    const started = performance.now();
    const given = await together(30, (index) => {
      return ask(port, '/v1/products', { from: '127.0.0.2', headers: { 'x-forwarded-for': `10.0.0.${index}`, 'x-real-ip': '127.0.0.1' } });
    });
    const served = given.filter(({ status }) => status === 200).length;
    expect(served).toBeLessThanOrEqual(2 + Math.ceil((performance.now() - started) / 1000));
  });

  it('is anyone when nobody is exempt', async ({ onTestFinished }) => {
    const { port } = await startCluster(onTestFinished, 1, { rate: 1, burst: 1, limitExempt: [] });
    const given = await together(6, () => ask(port, '/v1/products'));
    expect(given.filter(({ status }) => status === 429)).not.toHaveLength(0);
  });

  it('at once gets a 429 past its number of requests in flight', async ({ onTestFinished }) => {
    const { port, all } = await startCluster(onTestFinished, 1, { connections: 2 });
    const work = heldBack();
    all(work.behave);
    const two = together(2, () => ask(port, '/v1/products', { from: '127.0.0.2' }));
    await until('two are held', () => work.held.length === 2);
    expect((await ask(port, '/v1/products', { from: '127.0.0.2' })).status).toBe(429);
    work.release();
    expect((await two).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('is one client with all of its /64 of IPv6, and with its IPv4 address in either form', async ({ onTestFinished }) => {
    const { port, all } = await startCluster(onTestFinished, 1, { connections: 1, clientHeader: 'X-Test-Client' });
    const work = heldBack();
    all(work.behave);
    const from = (client: string) => ask(port, '/v1/products', { headers: { 'x-test-client': client } });
    // All different; 0a is a line feed among the bytes.
    const clients = ['2001:db8::1', '2001:db8:0:1::1', '2001:db8:1::1', 'a0a:a0a:a0a:a0a::1', '::1', '192.0.2.1', '::ffff:192.0.2.2'];
    const first = together(clients.length, (index) => from(clients[index] ?? ''));
    await until('one of each is held', () => work.held.length === clients.length);
    const same = [
      '2001:db8::2',
      '2001:db8:0:0:ffff::',
      '2001:db8:0:1:2:3:4:5',
      '2001:db8:1:0:1::',
      'a0a:a0a:a0a:a0a:a0a:a0a:a0a:a0a',
      '::2',
    ];
    for (const client of [...same, '::ffff:192.0.2.1', '192.0.2.2']) expect([client, (await from(client)).status]).toEqual([client, 429]);
    work.release();
    expect((await first).every(({ status }) => status === 200)).toBe(true);
  });

  it.for([
    ['the headers', 'GET / HTTP/1.1\r\nHost: shop.example\r\nX-Slow: '],
    ['a body', 'POST /v1/cart HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 100\r\n\r\n{'],
  ] as const)('too long over %s is cut off: nginx sends no 408', async ([, bytes], { onTestFinished }) => {
    const { port, edge, received } = await startCluster(onTestFinished, 1, { clientTimeout: 1 });
    const started = performance.now();
    expect(await askRaw(port, bytes)).toBe('');
    expect(performance.now() - started).toBeLessThan(3000);
    expect(received()).toBe(0);
    await until('the log says 408', async () => (await edge.log()).includes('"status":408'));
  });
});

describe.concurrent('the replicas', () => {
  it('get even shares, and a slow one less', async ({ onTestFinished }) => {
    const { port, replicas } = await startCluster(onTestFinished, 4);
    const slow = replicas[3];
    if (slow) slow.behave = (response, request) => void setTimeout(() => answers(response, request), 50);
    await together(10, async () => {
      for (let round = 0; round < 60; round += 1) await ask(port, '/v1/products');
    });
    const [a = 0, b = 0, c = 0, d = 0] = replicas.map(({ received }) => received.length);
    for (const share of [a, b, c]) expect(Math.abs(share / ((a + b + c) / 3) - 1)).toBeLessThan(0.2);
    expect(d).toBeLessThan(a / 2);
  });

  it('are asked over few connections; what may not be sent twice, over those that end before a draining replica ends them', async ({
    onTestFinished,
  }) => {
    const { port, replicas } = await startCluster(onTestFinished, 1, { workers: 1 });
    for (let round = 0; round < 50; round += 1) await ask(port, round % 2 === 0 ? '/v1/products' : '/v1/cart');
    const [{ connections } = { connections: undefined }] = replicas;
    expect(connections?.opened).toBe(2);
    const started = performance.now();
    await until('the idle connection to the cart is closed', () => connections?.open === 1);
    const idle = performance.now() - started;
    expect(idle).toBeGreaterThan(3500);
    expect(idle).toBeLessThan(4900);
    await ask(port, '/v1/products');
    expect(connections?.opened).toBe(2);
  });

  it('get nothing while they are marked down', async ({ onTestFinished }) => {
    const { port, edge, replicas } = await startCluster(onTestFinished, 3);
    const [draining, ...others] = replicas;
    await edge.reload({ upstream: { servers: replicas.map(({ address }, index) => ({ address, state: index ? 'up' : 'down' })) } });
    const given = await together(60, () => ask(port, '/v1/products'));
    expect(given.every(({ status }) => status === 200)).toBe(true);
    expect(draining?.received).toHaveLength(0);
    expect(others.every(({ received }) => received.length > 0)).toBe(true);
  });

  it.for([
    ['none', 0],
    ['only drained ones', 2],
  ] as const)('being %s is a 503 problem', async ([, size], { onTestFinished }) => {
    const { port, edge, replicas } = await startCluster(onTestFinished, size);
    await edge.reload({ upstream: { servers: replicas.map(({ address }) => ({ address, state: 'down' })) } });
    const answer = await ask(port, '/v1/products');
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'unavailable' });
  });
});
