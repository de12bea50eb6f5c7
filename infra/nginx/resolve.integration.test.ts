import { expect, it } from 'vitest';
import { ask } from './testing/ask.ts';
import { together } from './testing/cluster.ts';
import { startEdge } from './testing/edge.ts';
import { freePort } from './testing/free-port.ts';
import { startNameServer } from './testing/name-server.ts';
import { hangs, startReplica } from './testing/replica.ts';
import { until } from './testing/until.ts';

it('follows the addresses of a name without a reload, from none at all to two and back to one', async ({ onTestFinished, skip }) => {
  const port = await freePort('127.0.0.5');
  const hosts = ['127.0.0.5', '127.0.0.6'];
  const replicas = await Promise.all(hosts.map((host) => startReplica(host, { host, port })));
  onTestFinished(async () => void (await Promise.all(replicas.map((replica) => replica.close()))));
  const names = await startNameServer([]);
  onTestFinished(() => names.close());
  const edge = await startEdge({ upstream: { resolve: `api:${port}`, resolver: names.address } }).catch((error: Error) => {
    // An older nginx is refused by renderEdge, in a sentence.
    return error.name === 'EdgeValueError' ? skip(error.message) : Promise.reject(error);
  });
  onTestFinished(() => edge.stop());

  const servedBy = async () => {
    const answers = await together(20, () => ask(edge.port, '/v1/products'));
    return [...new Set(answers.map(({ status, headers }) => (status === 200 ? headers['x-served-by'] : status)))].sort();
  };
  expect(await servedBy()).toEqual([503]);
  names.addresses = hosts;
  await until('both serve', async () => (await servedBy()).join() === hosts.join(), 5000);
  names.addresses = ['127.0.0.6'];
  await until('one serves alone', async () => (await servedBy()).join() === '127.0.0.6', 5000);
});

it('loses nothing to replicas that are listed before they listen', async ({ onTestFinished, skip }) => {
  const port = await freePort('127.0.0.5');
  const replica = await startReplica('serving', { host: '127.0.0.5', port });
  onTestFinished(() => replica.close());
  const booting = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 10}`);
  const names = await startNameServer(['127.0.0.5', ...booting]);
  onTestFinished(() => names.close());
  const edge = await startEdge({ upstream: { resolve: `api:${port}`, resolver: names.address } }).catch((error: Error) => {
    return error.name === 'EdgeValueError' ? skip(error.message) : Promise.reject(error);
  });
  onTestFinished(() => edge.stop());

  await until('it serves', async () => (await ask(edge.port, '/v1/products')).status === 200, 5000);
  const lost: unknown[] = [];
  for (let round = 0; round < 10; round += 1) {
    const answers = await together(40, (index) => ask(edge.port, '/v1/things', { method: index % 4 === 0 ? 'POST' : 'GET' }));
    lost.push(...answers.filter(({ status }) => status !== 200));
  }
  expect(lost).toEqual([]);
});

it('answers what was under way to a replica that hangs while the addresses change', async ({ onTestFinished, skip }) => {
  const port = await freePort('127.0.0.5');
  const hung = await Promise.all(['127.0.0.5', '127.0.0.7'].map((host) => startReplica(host, { host, port, behave: hangs })));
  const well = await startReplica('well', { host: '127.0.0.6', port });
  onTestFinished(async () => void (await Promise.all([...hung, well].map((replica) => replica.close()))));
  const names = await startNameServer(['127.0.0.5', '127.0.0.7']);
  onTestFinished(() => names.close());
  const edge = await startEdge({ upstream: { resolve: `api:${port}`, resolver: names.address } }).catch((error: Error) => {
    return error.name === 'EdgeValueError' ? skip(error.message) : Promise.reject(error);
  });
  onTestFinished(() => edge.stop());

  const reading: Promise<{ status: number }>[] = [];
  const received = () => hung.reduce((sum, replica) => sum + replica.received.length, 0);
  await until('a read is on its way', () => {
    reading.push(ask(edge.port, '/v1/products'));
    void reading.at(-1)?.catch(() => undefined); // the last ones go with the edge
    return received() > 0;
  });
  const writing = ask(edge.port, '/v1/things', { method: 'POST' });
  await until('a write is too', () => hung.some((replica) => replica.received.some(({ method }) => method === 'POST')));
  names.addresses = ['127.0.0.5', '127.0.0.6', '127.0.0.7'];
  const last = reading.at(-1);
  expect((await last)?.status).toBe(200);
  // It may have been carried out: not begun anew.
  expect((await writing).status).toBe(504);
  expect(well.received.filter(({ method }) => method === 'POST')).toEqual([]);
});
