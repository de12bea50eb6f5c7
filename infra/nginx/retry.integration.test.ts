import { describe, expect, it } from 'vitest';
import { ask } from './testing/ask.ts';
import { startCluster, together } from './testing/cluster.ts';
import { answers, drops, hangs } from './testing/replica.ts';
import { until } from './testing/until.ts';

const statuses = (given: readonly { status: number }[]) => given.map(({ status }) => status);
const all200 = (length: number) => Array.from({ length }, () => 200);

describe.concurrent('a replica that breaks the connection', () => {
  it('costs a GET nothing: another replica answers', async ({ onTestFinished }) => {
    const { port, replicas } = await startCluster(onTestFinished, 2);
    const [broken, sound] = replicas;
    if (broken) broken.behave = drops;
    const given = await together(8, () => ask(port, '/v1/products'));
    expect(statuses(given)).toEqual(all200(8));
    expect(given.map(({ headers }) => headers['x-served-by'])).toEqual(Array.from({ length: 8 }, () => 'r2'));
    expect(broken?.received.length).toBeGreaterThan(0);
    expect(sound?.received).toHaveLength(8);
  });

  it.for(['POST', 'PATCH'])(
    'never gets an unkeyed %s sent again: the client is told that the outcome is unknown',
    async (method, { onTestFinished }) => {
      const { port, all, received } = await startCluster(onTestFinished, 3);
      all(drops);
      const answer = await ask(port, '/v1/cart/items', { method, body: '{"sku":"MUG-1"}' });
      expect(answer.status).toBe(502);
      expect(answer.json()).toMatchObject({ status: 502, code: 'bad_gateway' });
      expect(answer.headers['retry-after']).toBeUndefined();
      expect(received()).toBe(1);
    },
  );

  it.for([
    ['/v1/orders', 'POST'],
    ['/v1/auth/register', 'POST'],
    ['/v1/products/mug', 'PATCH'],
  ] as const)('gets a keyed request to %s sent again, as it was', async ([path, method], { onTestFinished }) => {
    const { port, replicas, all, received } = await startCluster(onTestFinished, 2);
    // Whichever is asked first breaks off.
    all((response, request) => (received() === 1 ? drops(response, request) : answers(response, request)));
    const body = JSON.stringify({ items: [{ sku: 'MUG-1', quantity: 2 }], note: 'ü'.repeat(40_000) });
    const answer = await ask(port, path, { method, headers: { 'idempotency-key': '"order-1"' }, body });
    expect(answer.status).toBe(200);
    const [first, second] = replicas.flatMap((replica) => replica.received);
    expect(received()).toBe(2);
    expect(second).toEqual(first);
    expect(second).toMatchObject({ method, url: path, body, headers: { 'idempotency-key': '"order-1"' } });
  });

  it('is a 503 that may be tried again when it is the first three of all and the request is keyed', async ({ onTestFinished }) => {
    const { port, all, received } = await startCluster(onTestFinished, 5);
    all(drops);
    const answer = await ask(port, '/v1/orders', { method: 'POST', headers: { 'idempotency-key': 'k' }, body: '{}' });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(received()).toBe(3);
  });

  it('is never hidden by half an answer', async ({ onTestFinished }) => {
    const { port, all } = await startCluster(onTestFinished, 2);
    all((response) => {
      response.setHeader('content-length', 100_000);
      response.write('x'.repeat(1000), () => response.socket?.destroy());
    });
    await expect(ask(port, '/v1/products')).rejects.toThrow(/aborted|terminated|reset/i);
  });
});

describe.concurrent('a replica that refuses connections', () => {
  it('costs no request, unkeyed POSTs among them: nothing was sent', async ({ onTestFinished }) => {
    const { port, replicas } = await startCluster(onTestFinished, 3);
    await replicas[0]?.close();
    const given = await together(30, (index) => ask(port, '/v1/cart', { method: index % 2 ? 'POST' : 'GET' }));
    expect(statuses(given)).toEqual(all200(30));
  });

  it('costs no request when it is two of three at once', async ({ onTestFinished }) => {
    const { port, replicas } = await startCluster(onTestFinished, 3);
    await Promise.all([replicas[0]?.close(), replicas[1]?.close()]);
    for (let round = 0; round < 10; round += 1) {
      expect(statuses(await together(5, () => ask(port, '/v1/products')))).toEqual(all200(5));
    }
  });

  it('is left alone for a second after two refusals', async ({ onTestFinished }) => {
    const { port, edge, replicas } = await startCluster(onTestFinished, 2);
    await replicas[0]?.close();
    const started = performance.now();
    for (let round = 0; round < 100; round += 1) await ask(port, '/v1/products');
    await ask(port, '/v1/products', { headers: { 'x-request-id': 'the-last-one' } });
    await edge.logged('the-last-one');
    const retried = (await edge.log()).split('"upstreamStatus":"502, 200"').length - 1;
    expect(retried).toBeGreaterThanOrEqual(2);
    // Then one request a second finds out.
    expect(retried).toBeLessThanOrEqual(3 + (performance.now() - started) / 1000);
  });

  it('serves again within 3 s of being back, without a reload', async ({ onTestFinished }) => {
    const { port, replicas, restart } = await startCluster(onTestFinished, 2);
    const [gone] = replicas;
    if (!gone) return;
    await gone.close();
    await together(10, () => ask(port, '/v1/products'));
    const back = await restart(gone);
    const served = async () => (await ask(port, '/v1/products')).status === 200 && back.received.length > 0;
    await expect(until('the replica serves', served, 3000)).resolves.toBe(true);
  });

  it('is a 503 problem when it is all of them, which ends within 3 s of their return', async ({ onTestFinished }) => {
    const { port, replicas, restart } = await startCluster(onTestFinished, 2);
    await Promise.all(replicas.map((replica) => replica.close()));
    for (const method of ['GET', 'POST']) {
      const answer = await ask(port, '/v1/products', { method });
      expect(answer.status).toBe(503);
      expect(answer.headers).toMatchObject({ 'retry-after': '1', 'x-served-by': 'edge', 'content-type': 'application/problem+json' });
      expect(answer.json()).toMatchObject({ code: 'unavailable' });
    }
    await Promise.all([...replicas].map(restart));
    await until('served again', async () => (await ask(port, '/v1/products')).status === 200, 3000);
  });
});

describe.concurrent('a replica that hangs', () => {
  it.for(['/v1/products', '/metrics-of-nobody'])('costs a GET of %s 3 s', async (path, { onTestFinished }) => {
    const { port, replicas, received } = await startCluster(onTestFinished, 2);
    if (replicas[0]) replicas[0].behave = hangs;
    // Of two at once each replica gets one.
    const given = await together(2, () => ask(port, path));
    expect(statuses(given)).toEqual([200, 200]);
    const slowest = Math.max(...given.map(({ took }) => took));
    expect(slowest).toBeGreaterThan(2900);
    expect(slowest).toBeLessThan(4500);
    expect(received()).toBe(3);
  });

  it('is a 504 for an unkeyed POST, which is not repeated', async ({ onTestFinished }) => {
    const { port, replicas, received } = await startCluster(onTestFinished, 2);
    if (replicas[0]) replicas[0].behave = hangs;
    const given = await together(2, () => ask(port, '/v1/cart', { method: 'POST' }));
    expect(statuses(given).sort()).toEqual([200, 504]);
    const lost = given.find(({ status }) => status === 504);
    expect(lost?.json()).toMatchObject({ code: 'gateway_timeout' });
    expect(lost?.headers['retry-after']).toBeUndefined();
    expect(lost?.took).toBeGreaterThan(4900);
    expect(received()).toBe(2);
  });

  it('costs a keyed POST 5 s', async ({ onTestFinished }) => {
    const { port, replicas, received } = await startCluster(onTestFinished, 2);
    if (replicas[0]) replicas[0].behave = hangs;
    const given = await together(2, () => ask(port, '/v1/orders', { method: 'POST', headers: { 'idempotency-key': 'k' }, body: '{}' }));
    expect(statuses(given)).toEqual([200, 200]);
    expect(received()).toBe(3);
  });

  it('is a 504 after two tries when it is all of them, and says to try again', async ({ onTestFinished }) => {
    const { port, all, received } = await startCluster(onTestFinished, 3);
    all(hangs);
    const answer = await ask(port, '/v1/products');
    expect(answer.status).toBe(504);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.took).toBeLessThan(7500);
    expect(received()).toBe(2);
  });
});

it("passes a replica's own errors as they are, and asks nobody else", async ({ onTestFinished }) => {
  const { port, all, received } = await startCluster(onTestFinished, 2);
  const problem = JSON.stringify({ status: 503, code: 'draining' });
  all((response) => {
    response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '7' }).end(problem);
  });
  const answer = await ask(port, '/v1/products');
  expect(answer).toMatchObject({ status: 503, body: problem });
  expect(answer.headers).toMatchObject({ 'retry-after': '7' });
  expect(answer.headers['x-served-by']).toMatch(/^r\d$/);
  expect(received()).toBe(1);
});
