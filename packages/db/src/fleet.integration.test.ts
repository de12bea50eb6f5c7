import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createLogger, createMetrics } from '@tenfold/runtime';
import { expect, inject, it } from 'vitest';
import { createDb, type Db } from './create-db.ts';

const POOL = { size: 2, maxLifetime: 1_800_000, waitTimeout: 1000, statementTimeout: 1000, lockTimeout: 1000 };
const { primary, replicas } = inject('stores').postgres;

/** Makes a server of this machine reachable at another address, as a container has one. */
async function expose(url: string, host: string, port: number): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

async function within(deadline: number, condition: () => boolean): Promise<boolean> {
  const end = performance.now() + deadline;
  while (!condition() && performance.now() < end) await wait(20);
  return condition();
}

const servers = (db: Db) => db.health().servers.map(({ name, role }) => `${name} ${role}`);

it('reads from the servers that a name stands for, as they come and go, within 5 s', async ({ onTestFinished }) => {
  const [replica] = replicas;
  if (!replica) throw new Error('there is no replica');
  const first = await expose(replica.apiUrl, '127.0.0.2', 0);
  onTestFinished(() => first.close());
  const second = await expose(replica.apiUrl, '127.0.0.3', first.port);

  let addresses: string[] = [];
  let looks = 0;
  const url = new URL(replica.apiUrl);
  url.host = `replicas:${first.port}`;
  const db = createDb({
    servers: [
      { name: 'postgres-primary', url: primary.apiUrl },
      { name: 'postgres-replica', url: url.href, discover: true },
    ],
    async lookup() {
      looks += 1;
      if (addresses.length === 0) throw new Error('ENOTFOUND');
      return addresses;
    },
    applicationName: 'fleet-test',
    pools: { primary: POOL, replica: POOL },
    budget: { apiMaxReplicas: 1, workers: 0, reserve: 0 },
    pollInterval: 100,
    maxLag: 1000,
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createMetrics({}),
  });
  onTestFinished(() => db.close());
  const source = async () => (await db.replica().snapshot((node) => node.query('SELECT 1'))).source;

  await db.connect(5000);
  expect(await source()).toBe('postgres-primary');
  expect(db.health()).toMatchObject({ degraded: false, servers: [{ role: 'primary' }] });

  addresses = ['127.0.0.2', '127.0.0.3'];
  const both = ['postgres-primary primary', 'replicas@127.0.0.2 replica', 'replicas@127.0.0.3 replica'];
  expect(await within(5000, () => servers(db).join() === both.join())).toBe(true);
  expect(new Set([await source(), await source()])).toEqual(new Set(['replicas@127.0.0.2', 'replicas@127.0.0.3']));

  // A name server that knows nothing any more takes nobody away who answers …
  addresses = [];
  const before = looks;
  expect(await within(6000, () => looks >= before + 2)).toBe(true);
  expect(servers(db)).toEqual(both);
  // … and one that neither is listed nor answers is forgotten.
  await second.close();
  expect(await within(5000, () => servers(db).join() === both.slice(0, 2).join())).toBe(true);
  expect(await source()).toBe('replicas@127.0.0.2');
});
