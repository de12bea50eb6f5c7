import { describe, expect, it } from 'vitest';
import { ask, askRaw } from './testing/ask.ts';
import { startCluster } from './testing/cluster.ts';
import { until } from './testing/until.ts';

const post = (headers: string, body: string) => `POST /v1/cart HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n\r\n${body}`;
const mebibyteInChunks = `10000\r\n${'y'.repeat(65_536)}\r\n`.repeat(16);

/** What the edge refuses by itself, as it comes over the wire, and the status and code of its answer. */
const refused = [
  ['no HTTP at all', '\u0016\u0003\u0001 hello\r\n\r\n', 400, 'bad_request'],
  ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'bad_request'],
  ['a broken escape', 'GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['a NUL', 'GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['a path above the root', 'GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['white space in a header name', 'GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n', 400, 'bad_request'],
  ['two lengths', post('Content-Length: 3\r\nContent-Length: 4', 'abcd'), 400, 'bad_request'],
  ['a length and chunks', post('Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400, 'bad_request'],
  ['a negative length', post('Content-Length: -1', ''), 400, 'bad_request'],
  ['a chunk of no size', post('Transfer-Encoding: chunked', 'zz\r\n\r\n'), 400, 'bad_request'],
  ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400, 'bad_request'],
  ['an unknown transfer encoding', post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'), 501, 'not_implemented'],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 405, 'method_not_allowed'],
  ['a method of another protocol', 'PROPFIND / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 405, 'method_not_allowed'],
  ['a method that nobody knows', 'FOO / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 405, 'method_not_allowed'],
  ['a length over 1 MiB', post('Content-Length: 1048577', ''), 413, 'body_too_large'],
  ['chunks over 1 MiB', post('Transfer-Encoding: chunked', `${mebibyteInChunks}1\r\nz\r\n0\r\n\r\n`), 413, 'body_too_large'],
  ['a long URI', `GET /${'x'.repeat(8200)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, 'uri_too_long'],
  ['a long header', `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'x'.repeat(8200)}\r\n\r\n`, 431, 'headers_too_large'],
  ['many headers', `GET / HTTP/1.1\r\nHost: a\r\n${`X-A: ${'x'.repeat(500)}\r\n`.repeat(40)}\r\n`, 431, 'headers_too_large'],
  ['HTTP/2 in clear text', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505, 'http_version_not_supported'],
  ["the edge's own inner address", 'GET /edge-problem HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 404, 'not_found'],
] as const;

describe.concurrent('the edge refuses', () => {
  it.for(refused)('%s', async ([, bytes, status, code], { onTestFinished }) => {
    const { port, edge, received } = await startCluster(onTestFinished, 1);
    // A refused body is answered at once; the connection ends when its sender stops sending.
    const { head, json } = parse(await askRaw(port, bytes, (text) => /\r\n\r\n.*\}$/s.test(text)));
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/\r\nContent-Type: application\/problem\+json\r\n/);
    expect(head).toMatch(/\r\nX-Served-By: edge(\r\n|$)/);
    expect(json).toMatchObject({
      type: `urn:tenfold:problem:${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      code,
    });
    expect(head).toContain(`X-Request-Id: ${String(json['requestId'])}`);
    expect(received()).toBe(0);
    expect(await edge.logged(String(json['requestId']))).toMatchObject({ status, upstream: '' });
  });

  it('nothing up to its bounds', async ({ onTestFinished }) => {
    const { port } = await startCluster(onTestFinished, 1);
    expect((await ask(port, `/${'x'.repeat(8000)}`)).status).toBe(200);
    expect((await ask(port, '/v1/cart', { method: 'POST', body: 'x'.repeat(1_048_576) })).status).toBe(200);
    const chunks = post('Transfer-Encoding: chunked', `${mebibyteInChunks}0\r\n\r\n`);
    expect(await askRaw(port, chunks)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe.concurrent('a problem of the edge', () => {
  it.for([
    ['/v1/products/mug-1?q=%22', '/v1/products/mug-1'],
    ["/a/b;c=1,2/~x/%22'", "/a/b;c=1,2/~x/%22'"],
    ['/"},{"status":200,"x":"', undefined],
    ['/back\\slash', undefined],
    ['/tag<script>', undefined],
    ['/ü', undefined],
  ] as const)('is JSON that names its path only where that is harmless: %s', async ([path, instance], { onTestFinished }) => {
    const { port, edge } = await startCluster(onTestFinished, 0);
    const raw = Buffer.from(path).toString('latin1');
    const { head, json } = parse(await askRaw(port, `GET ${raw} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`));
    expect(head).toMatch(/^HTTP\/1\.1 503 /);
    expect(json['instance']).toBe(instance);
    expect(json).toMatchObject({ status: 503, code: 'unavailable' });
    // The log has it whole, as JSON, without the query.
    expect(await edge.logged(String(json['requestId']))).toMatchObject({
      method: 'GET',
      path: path.split('?')[0],
      status: 503,
      class: 'browse',
    });
  });

  it('has no body for HEAD', async ({ onTestFinished }) => {
    const { port } = await startCluster(onTestFinished, 0);
    const answer = await askRaw(port, 'HEAD /v1/products HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*\r\n\r\n$/);
  });

  it('leaves the connection open for the next request', async ({ onTestFinished }) => {
    const { port } = await startCluster(onTestFinished, 0);
    const one = 'GET /v1/products HTTP/1.1\r\nHost: a\r\n\r\n';
    const both = await askRaw(port, one + one, (text) => text.split('"code":"unavailable"').length === 3);
    expect(both.match(/HTTP\/1\.1 503/g)).toHaveLength(2);
  });
});

describe.concurrent('/edge-health', () => {
  it('needs no replica, is never limited and not logged', async ({ onTestFinished }) => {
    const { port, edge } = await startCluster(onTestFinished, 0, { rate: 1, burst: 1, limitExempt: [] });
    for (let round = 0; round < 10; round += 1) {
      const answer = await ask(port, '/edge-health');
      expect(answer).toMatchObject({ status: 200, body: '{"status":"ok"}' });
      expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'x-served-by': 'edge', 'cache-control': 'no-store' });
    }
    await ask(port, '/v1/products', { headers: { 'x-request-id': 'the-last-one' } });
    await until('the log is written', async () => (await edge.log()).includes('the-last-one'));
    expect(await edge.log()).not.toContain('edge-health');
  });
});

it('logs each request as one line of JSON', async ({ onTestFinished }) => {
  const { port, edge, replicas } = await startCluster(onTestFinished, 1);
  await ask(port, '/v1/orders?secret=1', { method: 'POST', body: '{}', headers: { 'x-request-id': 'log-line-1', 'idempotency-key': 'k' } });
  const entry = await edge.logged('log-line-1');
  expect(entry).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    client: '127.0.0.1',
    method: 'POST',
    path: '/v1/orders',
    protocol: 'HTTP/1.1',
    status: 200,
    bytesIn: expect.any(Number),
    bytesOut: expect.any(Number),
    seconds: expect.any(Number),
    class: 'checkout',
    upstream: replicas[0]?.address,
    upstreamStatus: '200',
    connectSeconds: expect.stringMatching(/^\d\.\d{3}$/),
    headerSeconds: expect.stringMatching(/^\d\.\d{3}$/),
    responseSeconds: expect.stringMatching(/^\d\.\d{3}$/),
  });
  expect(await edge.log()).not.toContain('secret');
});

function parse(answer: string): { head: string; json: Record<string, unknown> } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const json: unknown = JSON.parse(body);
  if (typeof json !== 'object' || json === null) throw new Error(`not an object: ${body}`);
  return { head, json: { ...json } };
}
