import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ask, askRaw } from './testing/ask.ts';
import { startCluster } from './testing/cluster.ts';

describe.concurrent('what a replica hears of the client', () => {
  it('is what the edge saw, whatever the client says', async ({ onTestFinished }) => {
    const { port, replicas } = await startCluster(onTestFinished, 1);
    const spoofed = {
      host: 'shop.example:8080',
      'x-real-ip': '6.6.6.6',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-port': '443',
      'x-forwarded-prefix': '/admin',
      'x-forwarded-server': 'evil.example',
      'x-original-url': '/admin',
      'x-rewrite-url': '/admin',
      'x-http-method-override': 'DELETE',
      forwarded: 'for=6.6.6.6',
      proxy: 'http://evil.example',
      x_real_ip: '6.6.6.6',
      upgrade: 'h2c',
      connection: 'Upgrade, HTTP2-Settings',
      te: 'trailers',
      'keep-alive': '5',
    };
    expect((await ask(port, '/v1/products?q=a%20b', { headers: spoofed, from: '127.0.0.2' })).status).toBe(200);
    const { url, headers } = replicas[0]?.received[0] ?? {};
    expect(url).toBe('/v1/products?q=a%20b');
    expect(headers).toEqual({
      host: 'shop.example:8080',
      'x-real-ip': '127.0.0.2',
      'x-forwarded-for': '127.0.0.2',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example:8080',
      'x-forwarded-port': String(port),
      'x-request-id': headers?.['x-request-id'],
    });
  });

  it.for([
    [
      'the request line names a host',
      'GET http://shop.example/p HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      'shop.example',
    ],
    ['HTTP/1.0 names none', 'GET /p HTTP/1.0\r\n\r\n', 'localhost'],
    ['the host is unknown and in capitals', 'GET /p HTTP/1.1\r\nHost: Nobody.Example\r\nConnection: close\r\n\r\n', 'nobody.example'],
  ] as const)('has one Host when %s', async ([, bytes, host], { onTestFinished }) => {
    const { port, replicas } = await startCluster(onTestFinished, 1);
    expect(await askRaw(port, bytes)).toMatch(/^HTTP\/1\.1 200 /);
    expect(replicas[0]?.received[0]).toMatchObject({ url: '/p', headers: { host, 'x-forwarded-host': host } });
  });

  it('is the whole body at once, with its length, when it came in chunks', async ({ onTestFinished }) => {
    const { port, replicas } = await startCluster(onTestFinished, 1);
    const head = 'POST /v1/cart HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await askRaw(port, `${head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    const [got] = replicas[0]?.received ?? [];
    expect(got).toMatchObject({ body: 'abcde', headers: { 'content-length': '5' } });
    expect(got?.headers['transfer-encoding']).toBeUndefined();
  });

  it.for([{}, { 'idempotency-key': 'k' }] as Record<string, string>[])(
    'is the body that it was asked for with 100-continue (%o)',
    async (keyed, { onTestFinished }) => {
      const { port, replicas } = await startCluster(onTestFinished, 1);
      const lines = Object.entries({ ...keyed, host: 'a', expect: '100-continue', connection: 'close', 'content-length': '5' });
      const head = `POST /v1/orders HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
      const answer = await new Promise<string>((resolve) => {
        let received = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(head));
        socket.on('data', (chunk: Buffer) => {
          if (received === '') socket.write('hello');
          received += chunk.toString();
        });
        socket.on('close', () => resolve(received));
      });
      expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
      expect(replicas[0]?.received[0]?.body).toBe('hello');
      expect(replicas[0]?.received[0]?.headers.expect).toBeUndefined();
    },
  );
});

describe.concurrent('the request id', () => {
  it.for(['checkout-42', 'A.b_c-9'.repeat(9)] as const)('is the one the client gave: %s', async (id, { onTestFinished }) => {
    const { port, edge, replicas } = await startCluster(onTestFinished, 1);
    const answer = await ask(port, '/v1/products', { headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toBe(id);
    expect(replicas[0]?.received[0]?.headers['x-request-id']).toBe(id);
    expect(await edge.logged(id)).toMatchObject({ requestId: id, status: 200 });
  });

  it.for(['short', 'x'.repeat(65), 'with"quote-and-more', 'two words here', 'ünïcode-id'] as const)(
    'is a new one instead of %s, once in the answer',
    async (id, { onTestFinished }) => {
      const { port, replicas, all } = await startCluster(onTestFinished, 1);
      all((response, { headers }) => {
        response.setHeader('x-request-id', headers['x-request-id'] ?? '');
        response.end();
      });
      const answer = await ask(port, '/v1/products', { headers: { 'x-request-id': Buffer.from(id).toString('latin1') } });
      const given = answer.rawHeaders.filter((_, index) => answer.rawHeaders[index - 1]?.toLowerCase() === 'x-request-id');
      expect(given).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
      expect(replicas[0]?.received[0]?.headers['x-request-id']).toBe(given[0]);
    },
  );
});

describe.concurrent('what a client hears of a replica', () => {
  it('does not include what it runs on', async ({ onTestFinished }) => {
    const { port, all } = await startCluster(onTestFinished, 1);
    all((response) =>
      response.setHeader('x-powered-by', 'Express').setHeader('server', 'node/24').setHeader('connection', 'close').end('{}'),
    );
    const { headers } = await ask(port, '/v1/products');
    expect(headers.server).toBe('nginx');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers['x-served-by']).toBe('r1');
  });

  it('is compressed from 1,024 bytes on when it asked for that, and says that it varies', async ({ onTestFinished }) => {
    const { port, all } = await startCluster(onTestFinished, 1);
    const body = JSON.stringify({ items: 'mug '.repeat(1000) });
    all((response, { url }) => {
      const type = url.startsWith('/image') ? 'image/png' : 'application/json; charset=utf-8';
      response
        .setHeader('content-type', type)
        .setHeader('etag', '"v1"')
        .end(url.startsWith('/small') ? '{}'.padEnd(1023) : body);
    });
    const zipped = await ask(port, '/v1/products', { headers: { 'accept-encoding': 'gzip' } });
    // A strong tag names bytes; nginx weakens the tag of what it compressed.
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding', etag: 'W/"v1"' });
    expect(gunzipSync(zipped.bytes).toString()).toBe(body);

    const plain = await ask(port, '/v1/products');
    expect(plain.headers).toMatchObject({ vary: 'Accept-Encoding', etag: '"v1"' });
    expect(plain.headers).not.toHaveProperty('content-encoding');
    for (const path of ['/small', '/image', '/v1/auth/login']) {
      const { headers } = await ask(port, path, { headers: { 'accept-encoding': 'gzip' } });
      expect([path, headers['content-encoding']]).toEqual([path, undefined]);
    }
  });
});
