import { Client } from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { isAlive, identityOf } from '../process/identity.ts';
import { until } from '../process/until.ts';
import { redisAnswers } from '../redis/server.ts';
import { storeControl } from './store-control.ts';
import { startTestStores, type PostgresFacts } from './test-stores.ts';

const stores = inject('stores');
const [replica] = stores.postgres.replicas;

async function query(url: string, sql: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query<{ value: string }>(sql);
  } finally {
    await client.end();
  }
}
const value = async (url: string, sql: string) => (await query(url, sql)).rows[0]?.value;
const paused = (facts: PostgresFacts) => value(facts.superuserUrl, 'SELECT pg_is_wal_replay_paused()::text AS value');

describe('the stores of the test run', () => {
  it('stream every commit of the primary to both replicas', async () => {
    const { primary, replicas } = stores.postgres;
    expect(replicas).toHaveLength(2);
    const lsn = await value(primary.superuserUrl, "SELECT pg_logical_emit_message(false, 'test', 'hello')::text AS value");
    for (const { superuserUrl } of replicas) {
      const caughtUp = async () => (await value(superuserUrl, `SELECT (pg_last_wal_replay_lsn() >= '${lsn}')::text AS value`)) === 'true';
      await until(caughtUp, { what: 'the replica did not replay it', within: 30_000 });
    }
  });

  it('give the API rows to read and write, and nothing to define', async () => {
    const { apiUrl, ownerUrl } = stores.postgres.primary;
    await query(ownerUrl, 'DROP TABLE IF EXISTS role_probe; CREATE TABLE role_probe (id int)');
    await query(apiUrl, 'INSERT INTO role_probe VALUES (1)');
    expect(await value(apiUrl, 'SELECT id::text AS value FROM role_probe')).toBe('1');
    await expect(query(apiUrl, 'CREATE TABLE mine (id int)')).rejects.toThrow('permission denied');
    await expect(query(apiUrl, 'DROP TABLE role_probe')).rejects.toThrow('must be owner');
    await query(ownerUrl, 'DROP TABLE role_probe');
  });

  it('let the API see how far a replica is, and keep passwords out of what it sees', async () => {
    if (!replica) throw new Error('no replica');
    expect(await value(replica.apiUrl, 'SELECT status AS value FROM pg_stat_wal_receiver')).toBe('streaming');
    const kept = await query(
      stores.postgres.primary.superuserUrl,
      "SELECT query AS value FROM monitoring.pg_stat_statements WHERE query ILIKE '%password%'",
    );
    expect(kept.rows.map((row) => row.value).filter((text) => /create role/i.test(text))).toEqual([]);
  });
});

describe('a test that breaks its own stores', () => {
  it('stops, crashes and starts them again, and leaves nothing behind', async () => {
    const own = await startTestStores({ replicas: 1 });
    const [ownReplica] = own.facts.postgres.replicas;
    const pids = (['postgres-primary', 'postgres-replica-1', 'redis-cache', 'redis-state'] as const).map((name) => own.pid(name) ?? 0);
    const identities = pids.map((pid) => identityOf(pid) ?? { pid, started: '' });
    expect(identities.every(isAlive)).toBe(true);

    await own.stop('redis-cache');
    const { port, url } = own.facts.redis.cache;
    const password = new URL(url).password;
    await expect(redisAnswers({ port, password })).rejects.toThrow('ECONNREFUSED');
    await own.start('redis-cache');
    await expect(redisAnswers({ port, password })).resolves.toBe(true);

    own.signal('postgres-replica-1', 'SIGKILL');
    await own.stop('postgres-replica-1');
    await own.start('postgres-replica-1');
    expect(await value(ownReplica?.apiUrl ?? '', 'SELECT pg_is_in_recovery()::text AS value')).toBe('true');

    await own.close();
    expect(identities.some(isAlive)).toBe(false);
  });

  it('pauses replay on one replica of the shared ones, which goes on answering', async () => {
    if (!replica) throw new Error('no replica');
    const control = storeControl(stores);
    await control.pauseReplay(replica);
    expect(await paused(replica)).toBe('true');
    await control.resumeReplay(replica);
    expect(await paused(replica)).toBe('false');
    expect(await control.pid('redis-cache')).toBeGreaterThan(1);
  });
});
