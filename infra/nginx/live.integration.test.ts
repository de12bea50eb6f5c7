import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ask } from './testing/ask.ts';
import { startCluster } from './testing/cluster.ts';
import { startEdge } from './testing/edge.ts';
import { freePort } from './testing/free-port.ts';
import { until } from './testing/until.ts';

const upgrade = (path: string, protocol: string) =>
  `GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Key: a\r\n\r\n`;

it('passes a WebSocket in both directions on the live location, and no other upgrade anywhere', async ({ onTestFinished }) => {
  const sockets: Socket[] = [];
  const asked: string[] = [];
  const port = await freePort();
  const replica = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.upgrade ?? 'plain'} ${request.headers.connection ?? ''}`);
    response.end('no upgrade');
  });
  replica.on('upgrade', (request, socket: Socket) => {
    asked.push(`${request.url} ${request.headers.upgrade} ${request.headers.connection}`);
    sockets.push(socket);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
    socket.on('data', (data: Buffer) => socket.write(`echo ${data.toString()}`));
  });
  replica.listen(port, '127.0.0.1');
  await once(replica, 'listening');
  const edge = await startEdge({ upstream: { servers: [{ address: `127.0.0.1:${port}`, state: 'up' }] } });
  onTestFinished(async () => {
    await edge.stop();
    for (const socket of sockets) socket.destroy();
    replica.close();
  });

  const client = open(edge.port, upgrade('/v1/live?ticket=secret', 'websocket'));
  await until('the greeting', () => client.received().includes('hello'));
  expect(client.received()).toMatch(/^HTTP\/1\.1 101 /);
  client.socket.write('frame');
  await until('the echo', () => client.received().endsWith('echo frame'));
  client.socket.destroy();

  for (const [path, protocol] of [
    ['/v1/live', 'h2c'],
    ['/v1/products', 'websocket'],
    ['/v1/orders', 'h2c'],
  ] as const) {
    const other = open(edge.port, upgrade(path, protocol));
    await until('an answer', () => other.received().includes('no upgrade'));
    other.socket.destroy();
  }
  expect(asked.map((line) => line.trim())).toEqual([
    '/v1/live?ticket=secret websocket upgrade',
    '/v1/live plain',
    '/v1/products plain',
    '/v1/orders plain',
  ]);
  await until('the log has it', async () => (await edge.log()).includes('"path":"/v1/live"'));
  expect(await edge.log()).not.toContain('secret');
});

it('asks the next replica when one is full or draining, and passes the refusal of the last', async ({ onTestFinished }) => {
  const { port, replicas, received, all } = await startCluster(onTestFinished, 2);
  const [first] = replicas;
  if (first) first.behave = (response) => void response.writeHead(503).end('full');
  for (let count = 0; count < 4; count += 1) expect((await ask(port, '/v1/live')).headers['x-served-by']).toBe('r2');
  expect(received()).toBeGreaterThan(4);
  all((response) => void response.writeHead(503).end('full'));
  expect((await ask(port, '/v1/live')).status).toBe(503);
});

function open(port: number, request: string): { socket: Socket; received: () => string } {
  let received = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  return { socket, received: () => received };
}
