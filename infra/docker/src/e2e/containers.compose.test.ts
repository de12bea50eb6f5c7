import {
  ask,
  askEveryReplica,
  describeChanges,
  describeClients,
  meanwhile,
  readyReplicas,
  signIn,
  tell,
  untilWhole,
} from '@tenfold/cluster/testing';
import { until } from '@tenfold/local/testing';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApiStatus, Promotion } from '@tenfold/cluster';
import { askHttp2, encrypt, handshake, resumes } from './encrypted.ts';
import {
  CONFINED,
  changeImage,
  confinement,
  dockerComposeUp,
  foundTooSoon,
  hang,
  imagesOf,
  interruptStart,
  inDatabase,
  killForGood,
  readyAt,
  runningIn,
  weightsIn,
} from './engine.ts';
import { readableReplicas, type Subject, subject } from './subject.ts';

/** Milliseconds from a replica's being ready to its first answer through the edge. */
const SEEN = 3000;
/** Milliseconds from a database replica's being ready until every API replica reads from it. */
const READ = 5000;
/** Milliseconds from a replica's hanging until another one is ready. */
const REPLACED = 30_000;
const quietly = () => undefined;

// One file, since each of these leaves another cluster behind: first what clients see of ten fresh replicas, last with TLS.
describe.skipIf(!inject('compose'))('docker compose up --scale api=10', () => {
  let target: Subject;
  beforeAll(() => {
    target = subject();
  });
  afterEach(() => untilWhole(target));

  const during = async (what: string, act: Parameters<typeof meanwhile>[1]) => tell(`${what}: ${await meanwhile(target, act)}`);

  it('starts ten replicas', async () => {
    expect(await readyReplicas(target)).toHaveLength(10);
  });

  it('lets every replica collect 16 MB of garbage at a time, of which its memory limit would make 1 MB', async () => {
    const { api } = await target.cluster.status();
    const sizes = await Promise.all(api.map(youngGeneration));
    expect(sizes).toHaveLength(10);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(16 * 2 ** 20);
  });

  describeClients(() => target);

  it('loses nothing when Compose scales it down to two', async () => {
    await during('ten to two replicas', () => dockerComposeUp(target, '--no-recreate', '--scale', 'api=2'));
    expect(await readyReplicas(target)).toEqual(['api-1', 'api-2']);
  });

  describeChanges(() => target);

  it('loses nothing when a replica is drained', async () => {
    const { cluster } = target;
    const { pid } = (await cluster.status()).api[0] ?? {};
    await during('api-1 drained', () => cluster.drain('api-1', quietly));
    expect((await cluster.status()).api[0]).toMatchObject({ name: 'api-1', state: 'ready', pid: expect.not.toBeOneOf([pid, null]) });
  });

  it('loses nothing when a replica hangs, which another one replaces within 30 s', async () => {
    const { cluster } = target;
    const replica = async () => (await cluster.status()).api.find(({ name }) => name === 'api-2');
    const before = await replica();
    await during('api-2 hung', async () => {
      const began = performance.now();
      hang(target, 'api-2');
      const isAnother = async () => (await replica())?.state === 'ready' && (await replica())?.pid !== before?.pid;
      await until(isAnother, { what: 'it was not replaced', within: 120_000 });
      const after = performance.now() - began;
      tell(`api-2 hung, and another one was ready after ${(after / 1000).toFixed(1)} s`);
      expect(after).toBeLessThan(REPLACED);
    });
  });

  it('loses nothing while the schema is expanded under the old code and replicas of a new image take over', async () => {
    const { cluster } = target;
    const old = imagesOf(target);
    changeImage(target, 'LABEL release=next');
    await during('roll of two replicas', async () => {
      inDatabase(target, 'ALTER TABLE products ADD COLUMN subtitle text; ALTER TABLE orders ADD COLUMN note text');
      await cluster.roll('api', quietly);
    });
    expect(imagesOf(target)).not.toEqual(old);
    expect((await cluster.status()).api).toHaveLength(2);
  });

  it('goes back to the image that it was when one of a new image never gets ready', async () => {
    const { cluster } = target;
    const old = imagesOf(target);
    changeImage(target, 'CMD ["node", "-e", "process.exit(3)"]');
    await during('a roll that fails', async () => {
      await expect(cluster.roll('api', quietly)).rejects.toThrow(/ends again and again \(exit code 3\)[^]*Nothing has changed/);
    });
    expect(imagesOf(target)).toEqual(old);
    expect((await cluster.status()).api).toHaveLength(2);
    await cluster.scale('api', 3, quietly); // of the good image again
    expect(imagesOf(target)).toEqual(old);
  });

  it('loses no order when a database replica is promoted, and the old primary follows it', async () => {
    const { cluster } = target;
    let promotion: Promotion | undefined;
    await during('a promotion', async () => {
      promotion = await cluster.promote(quietly);
    });
    expect(promotion).toEqual({ primary: 'postgres-replica-1', former: 'postgres-1', lostCommits: 0 });
    await untilWhole(target);
    const { primary, replicas } = (await cluster.status()).postgres;
    expect([primary, ...replicas].map(({ name }) => name)).toEqual(['postgres-replica-1', 'postgres-1']);
  });

  it('reads from each of three database replicas soon after they are ready, and forgets those that are taken away', async () => {
    const { cluster } = target;
    await cluster.scale('postgres-replica', 3, quietly);
    tell(`three database replicas are read by every API replica ${await untilReadFrom(target, 3)} ms after they were ready`);
    await cluster.scale('postgres-replica', 1, quietly);
    await untilReadFrom(target, 1);
    expect((await cluster.status()).postgres.primary.name).toBe('postgres-replica-1');
  });

  it('loses nothing when Compose scales it up to ten, and the edge sends to each soon after it is ready', async () => {
    const old = await readyReplicas(target);
    let heard: ReadonlyMap<string, number> = new Map();
    await during('three to ten replicas', async (firstHeard) => {
      heard = firstHeard;
      await dockerComposeUp(target, '--no-recreate', '--scale', 'api=10');
      await until(() => heard.size === 10, { what: 'not all ten replicas were sent to', within: 120_000 });
    });
    const fresh = [...heard].filter(([name]) => !old.includes(name));
    const latest = Math.max(...fresh.map(([name, at]) => at - readyAt(target, name)));
    tell(`${fresh.length} new replicas answered through the edge ${latest} ms after they were ready at most`);
    expect(latest).toBeLessThan(SEEN);
  });

  it('shows the edge no replica that is not ready, and gives each container the CPU of its service', async () => {
    const { cluster } = target;
    const tooSoon: string[] = [];
    const watching = setInterval(() => tooSoon.push(...foundTooSoon(target)), 200);

    const before = weightsIn(target);
    expect(before).toMatchObject({ edge: [4096], postgres: [4096], 'redis-cache': [4096], api: [1024], worker: [256] });
    await cluster.scale('worker', 2, quietly);
    await cluster.scale('api', 11, quietly).finally(() => clearInterval(watching));
    expect(tooSoon).toEqual([]);
    expect(weightsIn(target)).toEqual(before);
    await cluster.scale('worker', 1, quietly);
    await cluster.scale('api', 10, quietly);
  });

  it('mends what somebody stopped, and a start that was interrupted, when it is asked for as many as there are', async () => {
    const before = weightsIn(target);
    const [first = '', second = '', ...others] = await readyReplicas(target);
    killForGood(target, first);
    interruptStart(target, second);
    expect(await readyReplicas(target)).toEqual([second, ...others]);
    await target.cluster.scale('api', 10, quietly);
    expect(await readyReplicas(target)).toHaveLength(10);
    expect(weightsIn(target)).toEqual(before);
    await askEveryReplica(target, () => ask(`${target.url}/health`, 'GET'));
  });

  it('lets no process be root, write, or gain rights', () => {
    const ids = runningIn(target);
    expect(ids.length).toBeGreaterThan(8);
    for (const id of ids) expect(confinement(id)).toEqual(CONFINED);
  });

  describe('with --profile tls', () => {
    beforeAll(async () => {
      target = { ...target, url: await encrypt(target) };
    });

    it('serves TLS 1.2 and 1.3 and HTTP/2, and plain HTTP only says where', async () => {
      const { url } = target;
      const plain = await fetch(`http://127.0.0.1:${target.env['EDGE_PORT']}/v1/products?limit=1`, { redirect: 'manual' });
      expect([plain.status, plain.headers.get('location')]).toEqual([301, `${url}/v1/products?limit=1`]);
      expect(await askHttp2(url, '/v1/products?limit=1')).toMatchObject({
        ':status': 200,
        'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
        'x-served-by': expect.stringMatching(/^api-/),
      });
      expect(await handshake(url, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' })).toMatch(
        /PROTOCOL|ALERT|ECONNRESET/,
      );
      expect(await Promise.all([resumes(url, 'TLSv1.2'), resumes(url, 'TLSv1.3')])).toEqual([true, true]);
      expect((await target.cluster.status()).edge.url).toBe(url);
    });

    describeClients(() => target);
  });
});

/** Waits until every API replica reads from so many database replicas. @returns after how many milliseconds. */
async function untilReadFrom(target: Subject, count: number): Promise<number> {
  const began = performance.now();
  const staff = await signIn(target, target.credentials.staff);
  const names = (await target.cluster.status()).api.map(({ name }) => name);
  const reading = new Set<string>();
  const all = async () => {
    const { servedBy, body } = await ask(`${target.url}/v1/ops/dependencies`, 'GET', undefined, staff);
    if (readableReplicas(body) === count) reading.add(servedBy);
    return reading.size === names.length;
  };
  await until(all, { what: `not all of ${names.join(', ')} read from ${count} database replicas`, within: READ, every: 5 });
  return Math.round(performance.now() - began);
}

/** Bytes of it, of what a replica says about itself. */
async function youngGeneration({ host, metricsPort }: ApiStatus): Promise<number> {
  const metrics = await (await fetch(`http://${host}:${metricsPort}/metrics`)).text();
  return Number(/^nodejs_heap_space_size_total_bytes\{space="new",.*\} (\d+)$/m.exec(metrics)?.[1]);
}
