import { connect } from 'node:net';
import { lintFromString, createConfig } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { seed, startReplica, type Replica } from './testing/replica.ts';

let replica: Replica;
let address: string;

beforeAll(async () => {
  await seed(inject('stores'));
  replica = await startReplica(inject('stores'), 'api-1', { CORS_ORIGINS: 'https://shop.example' });
  address = await replica.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => replica?.close());

/** Sends bytes as they are, and gives what comes back until the other side closes. */
function exchange(bytes: string): Promise<string> {
  const { port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('every answer', () => {
  it('names the replica and the request, and lets nothing of it be run, framed or sniffed', async () => {
    const { headers } = await replica.get('/v1/categories', { 'x-request-id': 'client-chosen-1' });
    expect(headers).toMatchObject({
      'x-served-by': 'api-1',
      'x-request-id': 'client-chosen-1',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
    expect(headers).not.toHaveProperty('server');
  });

  it('makes its own request id where the given one could break a log', async () => {
    for (const given of ['short', 'a b c d e f g h', `x${'y'.repeat(64)}`, '"}{"level":"fatal']) {
      const { headers } = await replica.get('/health', { 'x-request-id': given });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('may be read by pages of the configured origins alone', async () => {
    const { headers } = await replica.get('/health', { origin: 'https://shop.example' });
    expect(headers['access-control-allow-origin']).toBe('https://shop.example');
    expect((await replica.get('/health', { origin: 'https://evil.example' })).headers).not.toHaveProperty('access-control-allow-origin');
    const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'PUT' };
    const { statusCode } = await replica.app.inject({ method: 'OPTIONS', url: '/v1/variants/MUG-00001-S/stock', headers: preflight });
    expect(statusCode).toBe(204);
  });
});

describe('what is not a request', () => {
  it.each([
    ['no HTTP at all', 'GARBAGE\r\n\r\n', 400],
    ['headers without an end', `GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'a length and chunks at once',
      'POST /v1/products HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('gets a problem: %s', async (_what, bytes, status) => {
    const [head = '', body = ''] = (await exchange(bytes)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, code: expect.any(String) });
  });

  it('nor a route', async () => {
    expect((await replica.get('/no/such/place?q=%00')).json()).toMatchObject({
      status: 404,
      code: 'not_found',
      instance: '/no/such/place',
    });
  });

  it.each([
    ['DELETE', '/v1/products', 'GET, HEAD, POST'],
    ['POST', '/v1/products/019b7654-8c00-7abc-8def-0123456789ab', 'GET, HEAD, PATCH'],
    ['GET', '/v1/variants/MUG-00001-S/stock', 'PUT'],
    ['PUT', '/health', 'GET, HEAD'],
  ] as const)('nor a method that its address does not take: %s %s', async (method, url, allow) => {
    const answer = await replica.app.inject({ method, url, headers: { 'content-type': 'text/plain' }, payload: 'x' });
    expect(answer.json()).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect(answer.headers['allow']).toBe(allow);
  });

  it("nor what only the framework has a name for: that name isn't told", async () => {
    expect((await replica.get('/docs/static/%5c..%5c')).json()).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('a body over 1 MiB is refused before it is read', async () => {
    const payload = JSON.stringify({ available: 1, padding: 'x'.repeat(2 ** 20) });
    const headers = { ...replica.as('staff'), 'content-type': 'application/json' };
    const answer = await replica.app.inject({ method: 'PUT', url: '/v1/variants/MUG-00001-S/stock', headers, payload });
    expect(answer.json()).toMatchObject({ status: 413, code: 'body_too_large' });
  });
});

describe('health', () => {
  it('is 200 while the process lives; readiness is 503 while it boots or drains, and then the connection ends', async () => {
    for (const state of ['booting', 'draining', 'ready'] as const) {
      replica.lifecycle.state = state;
      const [health, ready] = [await replica.get('/health'), await replica.get('/ready')];
      expect(health.statusCode).toBe(200);
      expect(ready.statusCode).toBe(state === 'ready' ? 200 : 503);
      expect(health.headers['connection'] === 'close').toBe(state === 'draining');
    }
  });

  it('shows dependencies to staff only', async () => {
    expect((await replica.get('/v1/ops/dependencies')).statusCode).toBe(401);
    const { database } = (await replica.get('/v1/ops/dependencies', replica.as('staff'))).json();
    expect(database.map(({ role }: { role: string }) => role)).toEqual(['primary', 'replica', 'replica']);
  });
});

describe('metrics', () => {
  it('count requests by route pattern, and show pools, lag, cache and event loop', async () => {
    await replica.get('/v1/products/no-such-product');
    const text = await replica.metrics.metrics();
    expect(text).toContain('http_requests_total{method="GET",route="/v1/products/:id",status="404"} 1');
    for (const name of [
      'http_request_duration_seconds_bucket',
      'db_pool_connections',
      'db_replica_lag_seconds',
      'cache_reads_total',
      'nodejs_eventloop_lag_p99_seconds',
    ]) {
      expect(text).toContain(name);
    }
  });

  it('show the databases as they are at this scrape, the first one too', async () => {
    const fresh = await startReplica(inject('stores'), 'api-2');
    const text = await fresh.metrics.metrics();
    await fresh.close();
    expect(text).toContain('db_server_up{node="postgres-primary",role="primary"} 1');
    expect(text).toMatch(/db_replica_lag_seconds\{node="postgres-replica-1"\} \d/);
    expect(text).toMatch(/db_pool_connections\{node="postgres-replica-2",state="idle"\} \d/);
  });
});

describe('the API description', () => {
  it('is valid OpenAPI 3.1 by a linter, with an operation id and examples on every operation', async () => {
    const document = (await replica.get('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: 'openapi.json', config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`)).toEqual([]);
    for (const [path, operations] of Object.entries<Record<string, { operationId?: string; responses: Record<string, unknown> }>>(
      document.paths,
    )) {
      for (const [method, { operationId, responses }] of Object.entries(operations)) {
        expect([method, path, typeof operationId]).toEqual([method, path, 'string']);
        const answer = JSON.stringify(responses['200'] ?? responses['201'] ?? responses['202'] ?? responses['204']);
        if (!answer.includes('"content":')) continue; // nothing to show
        expect(answer, `${method} ${path}`).toMatch(/"examples?":/);
      }
    }
  });

  it('has a page that loads nothing from elsewhere', async () => {
    const page = await replica.get('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.body.match(/(?:src|href)="[^"]*"/g)?.filter((link) => /"(?:https?:)?\/\//.test(link))).toEqual([]);
  });
});
