import { startTestStores, type TestStores } from '@tenfold/local/testing';
import { createLogger, createMetrics, position } from '@tenfold/runtime';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache } from './create-cache.ts';
import { createRedisRemote } from './redis-remote.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const at = (byte: number) => position(1, `0/${byte.toString(16)}`);
let stores: TestStores;
const open: (() => Promise<unknown>)[] = [];

/** A process of its own, as far as the cache can tell. */
function createProcess() {
  const redis = new Redis(stores.facts.redis.cache.url, {
    enableOfflineQueue: false,
    commandTimeout: 100,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 100,
  });
  redis.on('error', () => undefined);
  const source = { value: 'first', now: 1, loads: 0 };
  const cache = createCache({ remote: createRedisRemote(redis, 'test:', logger), logger, metrics: createMetrics({}) });
  const things = cache.collection<string>({
    name: 'thing',
    load: async () => {
      source.loads += 1;
      return { value: source.value, position: at(source.now), source: 'replica-1' };
    },
    freshFor: 300_000,
    staleFor: 600_000,
    maxBytes: 10_000,
  });
  open.push(
    () => cache.close(),
    async () => redis.disconnect(),
  );
  return { cache, things, source };
}
const available = ({ cache }: ReturnType<typeof createProcess>) => expect.poll(() => cache.available, { timeout: 30_000 }).toBe(true);

beforeAll(async () => {
  stores = await startTestStores({ replicas: 0 });
});
afterAll(async () => {
  for (const close of open) await close();
  await stores?.close();
});

describe('the shared tier in Redis', () => {
  it('shares entries, and tells every process what changed', async () => {
    const [here, there] = [createProcess(), createProcess()];
    await Promise.all([available(here), available(there)]);
    await here.things.read('a');
    await expect.poll(async () => (await there.things.read('a')).status).toMatch(/hit/);
    expect(there.source.loads).toBe(0);
    for (const { source } of [here, there]) Object.assign(source, { value: 'second', now: 2 });
    await here.things.invalidate(['a'], at(2));
    await expect.poll(async () => (await there.things.read('a')).value, { interval: 5, timeout: 10_000 }).toBe('second');
  });

  it('keeps no entry that is older than the invalidation', async () => {
    const [here, there] = [createProcess(), createProcess()];
    await Promise.all([available(here), available(there)]);
    await here.things.invalidate(['b'], at(5));
    there.source.now = 3; // a replica of the database that has not replayed it yet
    await there.things.read('b');
    Object.assign(here.source, { value: 'new', now: 5 });
    expect((await here.things.read('b')).value).toBe('new');
  });

  it('forgets a whole collection, for processes that start later too', async () => {
    const here = createProcess();
    await available(here);
    await here.things.read('c');
    Object.assign(here.source, { value: 'second', now: 9 });
    await here.things.invalidateAll(at(9));
    const later = createProcess();
    await available(later);
    Object.assign(later.source, { value: 'second', now: 9 });
    expect((await later.things.read('c')).value).toBe('second');
  });
});

describe('losing Redis', () => {
  it('costs one time-out when it hangs, nothing after that, and it is used again when it answers', async () => {
    const here = createProcess();
    await available(here);
    stores.signal('redis-cache', 'SIGSTOP');
    const timed = async (key: string) => {
      const started = performance.now();
      await here.things.read(key);
      return performance.now() - started;
    };
    const first = await timed('hang-1');
    const rest = [await timed('hang-2'), await timed('hang-3'), await timed('hang-4')];
    stores.signal('redis-cache', 'SIGCONT');
    expect(first).toBeGreaterThan(90);
    expect(Math.max(...rest)).toBeLessThan(50);
    await available(here);
  });

  it('is not what a process concludes from being late itself', async () => {
    const here = createProcess();
    await available(here);
    here.source.now = 30;
    await here.things.read('late');
    const reading = here.things.read('late-2');
    const until = performance.now() + 300; // Redis answers meanwhile, and nobody listens
    while (performance.now() < until);
    await reading;
    expect(here.cache.available).toBe(true);
    expect((await here.things.read('late')).status).toMatch(/tenfold-l1; hit/);
    expect(here.source.loads).toBe(2);
  });

  it('costs nothing when it is stopped; what changed meanwhile is told once it is back', async () => {
    const [here, there] = [createProcess(), createProcess()];
    await Promise.all([available(here), available(there)]);
    await Promise.all([here.things.read('d'), there.things.read('d')]);
    await stores.stop('redis-cache');
    await expect.poll(() => here.cache.available || there.cache.available).toBe(false);
    for (const { source } of [here, there]) Object.assign(source, { value: 'second', now: 20 });
    await here.things.invalidate(['d'], at(20));
    expect((await here.things.read('d')).value).toBe('second');
    await stores.start('redis-cache');
    await Promise.all([available(here), available(there)]);
    await expect.poll(async () => (await there.things.read('d')).value, { timeout: 10_000 }).toBe('second');
  });
});
