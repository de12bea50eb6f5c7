import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import net, { type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { canShare, closeAll, listenMore, mustBeFree, portOf } from './listen.ts';

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
  await listenMore(server, HOST);
  cleanup.push(() => closeAll(server));
  return { server, port: portOf(server) };
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

it('answers on every one of them, and has closed when the last answer was given', async () => {
  const { server, port } = await listening();
  const texts = await Promise.all(Array.from({ length: 40 }, () => answer(port)));
  expect(new Set(texts)).toEqual(new Set(['ok']));

  const held: ServerResponse[] = [];
  server.removeAllListeners('request').on('request', (_, response: ServerResponse) => void held.push(response));
  const answers = Array.from({ length: 40 }, () => answer(port));
  await expect.poll(() => held.length).toBe(40);
  let isClosed = false;
  const closed = closeAll(server).then(() => (isClosed = true));
  for (const response of held.splice(1)) response.end('late');
  await wait(50);
  expect(isClosed).toBe(false);
  held[0]?.end('last');
  await Promise.all([closed, ...answers]);
  await expect(answer(port)).rejects.toThrow('fetch failed');
});

it('says that a port is taken, though the kernel would share it', async () => {
  const { port } = await listening();
  await expect(mustBeFree({ host: HOST, port })).rejects.toThrow('EADDRINUSE');
});
