import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Replica, startReplica } from '../testing/replica.ts';

let replicas: Replica[];

beforeAll(async () => {
  const stores = inject('stores');
  replicas = await Promise.all(['api-1', 'api-2'].map((name) => startReplica(stores, name, { EXPERIMENTS: 'true' })));
});
afterAll(() => Promise.all(replicas?.map((replica) => replica.close())));

it.each([
  // Ten times 5 ms, one after the other; side by side it would be 25 ms.
  ['global-lock', 5, 40],
  // What waits behind many more is given up.
  ['shared-hop', 2, 18],
])('%s makes requests to different replicas wait for one another', async (name, each, least) => {
  const ask = async (replica: Replica) => {
    const answer = await replica.get('/v1/categories', { 'x-experiment': name });
    expect(answer.headers['x-experiment']).toBe(name);
  };
  await Promise.all(replicas.map(ask));
  const began = performance.now();
  await Promise.all(replicas.flatMap((replica) => Array.from({ length: each }, () => ask(replica))));
  expect(performance.now() - began).toBeGreaterThan(least);
});

it('work takes the CPU of the replica that answers, beside any fault', async () => {
  const cpuOf = async (name: string) => {
    const before = process.cpuUsage();
    for (let request = 0; request < 50; request += 1) {
      const answer = await replicas[0]?.get('/v1/categories', { 'x-experiment': name });
      expect(answer?.headers['x-experiment']).toBe(name === '' ? undefined : name);
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  await cpuOf('');
  const bare = await cpuOf('');
  // Microseconds: on a machine three times as fast it would be 33,000.
  expect((await cpuOf('work')) - bare).toBeGreaterThan(25_000);
  await cpuOf('work, global-lock');
  expect((await replicas[0]?.get('/v1/categories', { 'x-experiment': 'work,global-lock' }))?.headers['x-experiment']).toBe(
    'work, global-lock',
  );
});

it('nothing happens that was not asked for by its name', async () => {
  for (const name of ['toString', 'nothing', '', 'toString, nothing']) {
    const answer = await replicas[0]?.get('/v1/categories', { 'x-experiment': name });
    expect(answer?.statusCode).toBe(200);
    expect(answer?.headers['x-experiment']).toBeUndefined();
  }
});
