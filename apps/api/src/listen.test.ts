import { once } from 'node:events';
import http from 'node:http';
import net, { type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { canShare, listenMore, mustBeFree, portOf } from './listen.ts';

const HOST = '127.0.0.1';
const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step();
});

async function answer(port: number): Promise<string> {
  const response = await fetch(`http://${HOST}:${port}`, { headers: { connection: 'close' } });
  return response.text();
}

async function listening() {
  const server = http.createServer((_, response) => response.end('ok'));
  server.listen({ host: HOST, port: 0, reusePort: canShare() });
  await once(server, 'listening');
  const closeMore = await listenMore(server, HOST);
  cleanup.push(() => Promise.all([closeMore(), new Promise((resolve) => server.close(resolve))]));
  return { server, port: portOf(server), closeMore };
}

it.runIf(canShare())('takes many connections in few turns of the event loop', async () => {
  const { server, port } = await listening();
  let turn = 0;
  const turns: number[] = [];
  server.on('connection', () => turns.push(turn));
  const clients = Array.from({ length: 96 }, (): Socket => net.connect(port, HOST));
  cleanup.push(() => clients.forEach((client) => client.destroy()));
  await Promise.all(clients.map((client) => once(client, 'connect'))); // by the kernel: nobody has accepted all of them
  while (turns.length < clients.length) {
    turn += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const most = Math.max(...turns.map((one) => turns.filter((other) => other === one).length));
  expect(most).toBeGreaterThan(1);
});

it('answers on every one of them, and waits for the last answer', async () => {
  const { port, closeMore } = await listening();
  const texts = await Promise.all(Array.from({ length: 40 }, () => answer(port)));
  expect(new Set(texts)).toEqual(new Set(['ok']));
  const closed = closeMore();
  cleanup.push(() => closed);
});

it('says that a port is taken, though the kernel would share it', async () => {
  const { port } = await listening();
  await expect(mustBeFree({ host: HOST, port })).rejects.toThrow('EADDRINUSE');
});
