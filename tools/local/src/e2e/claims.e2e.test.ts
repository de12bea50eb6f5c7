import { afterEach, describe, expect, it } from 'vitest';
import { httpGet } from '../process/http-get.ts';
import { until } from '../process/until.ts';
import { drainUnderKeepAlive, replicasFailInTurn, scaleUpAndDown, withoutCache, withoutDatabaseReplicas } from './scenarios.ts';
import { subject } from './subject.ts';

const target = subject();

async function allReady() {
  const { api, worker } = await target.cluster.status();
  return [...api, ...worker, ...(await stores())].every(({ state }) => state === 'ready');
}

async function stores() {
  const { edge, paymentSandbox, postgres, redis } = await target.cluster.status();
  return [edge, ...(paymentSandbox ? [paymentSandbox] : []), redis.cache, redis.state, postgres.primary, ...postgres.replicas];
}

async function isServed() {
  return (await fetch(`${target.url}/v1/products?limit=1`)).status === 200;
}

/** The next test must not measure what this one left behind. */
afterEach(async () => {
  await until(allReady, { what: 'the cluster was not whole again', within: 30_000 });
});

describe('a cluster under load loses no request', () => {
  it('when replicas crash, are ended by others and hang', async () => {
    expect(await replicasFailInTurn(target)).toEqual([]);
  });
  it('when it is scaled to ten replicas, which share the work evenly, and back to two', async () => {
    expect(await scaleUpAndDown(target)).toEqual([]);
  });
  it('on connections that are kept alive, when replicas drain and the edge reloads', async () => {
    expect(await drainUnderKeepAlive(target)).toEqual([]);
  });
  it('when redis-cache goes and comes back', async () => {
    expect(await withoutCache(target)).toEqual([]);
  });
  it('when every database replica goes and comes back', async () => {
    expect(await withoutDatabaseReplicas(target)).toEqual([]);
  });
});

describe('a cluster', () => {
  it('refuses to scale past the number that the database is budgeted for, and says which', async () => {
    await expect(target.cluster.scale('api', 13, () => undefined)).rejects.toThrow('API_MAX_REPLICAS=12');
    expect((await target.cluster.status()).api).toHaveLength(3);
  });

  it('refuses what exceeds the requests that each replica may have in flight', async () => {
    // Each on a connection of its own: on one that is kept alive the old workers answer for some seconds.
    const statuses = async () => {
      const urls = Array.from({ length: 200 }, (_, index) => `${target.url}/v1/products?limit=${1 + (index % 100)}`);
      return new Set((await Promise.all(urls.map((url) => httpGet(url, 10_000)))).map(({ status }) => status));
    };
    await target.cluster.maxConns(1);
    expect(await statuses()).toEqual(new Set([200, 503]));
    await target.cluster.maxConns(undefined);
    expect(await statuses()).toEqual(new Set([200]));
  });

  it('starts whatever is killed again, and serves', async () => {
    const before = await stores();
    for (const { name } of before) await target.cluster.kill(name);
    const allFresh = async () => (await stores()).every(({ pid, state }, index) => state === 'ready' && pid !== before[index]?.pid);
    await until(allFresh, { what: 'not all were started again', within: 30_000 });
    expect(await until(isServed, { what: 'it did not serve again', within: 10_000 })).toBe(true);
  });
});
