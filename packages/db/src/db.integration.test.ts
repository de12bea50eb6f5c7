import { setTimeout as wait } from 'node:timers/promises';
import { startTestStores, type TestStores } from '@tenfold/local/testing';
import { type Position, position } from '@tenfold/runtime';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db, DbOptions } from './create-db.ts';
import { DatabaseUnavailable, PoolExhausted } from './errors.ts';
import { openDb, POOL } from './testing/open.ts';

let stores: TestStores;
let db: Db;
/** Leaves no replica out for a delay of this machine's own making. */
let patient: Db;

const open = (overrides: Partial<DbOptions> = {}) => openDb(stores, overrides);

const COUNT = `SELECT available FROM stock WHERE sku = 'TEST-1'`;
const readCount = async (after?: Position, from = db) => {
  const { value, source } = await from.replica(after).snapshot((node) => node.query<{ available: number }>(COUNT));
  return { available: value[0]?.available, source };
};
const writeCount = (available: number) =>
  db.primary.transaction((tx) => tx.query(`UPDATE stock SET available = $1 WHERE sku = 'TEST-1'`, [available]));

/** Acts on one server as its administrator. */
async function administer(name: 'postgres-replica-1' | 'postgres-replica-2', sql: string) {
  const server = stores.facts.postgres.replicas.find((replica) => replica.name === name);
  const client = new Client({ connectionString: server?.superuserUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

/** What a replica replays after a pause may end any statement there, the one that ends the pause too: in force, and asked again. */
async function resumeReplay(name: 'postgres-replica-1' | 'postgres-replica-2') {
  const resume = () => administer(name, 'SELECT pg_wal_replay_resume()');
  await resume().catch(resume);
}

/** Waits until a condition holds, and fails with what it is when it doesn't in time. */
async function until(what: string, condition: () => unknown, within = 60_000) {
  const deadline = performance.now() + within;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await wait(20);
  }
}
const roles = () => db.health().servers.map(({ role }) => role);
const allUp = () => until('all servers up', () => roles().join() === 'primary,replica,replica' && !db.health().degraded);

beforeAll(async () => {
  stores = await startTestStores({ replicas: 2 });
  db = open();
  patient = open({ maxLag: 30_000 });
  await Promise.all([db.connect(30_000), patient.connect(30_000)]);
  const owner = open({ servers: [{ name: 'owner', url: stores.facts.postgres.primary.ownerUrl }] });
  await owner.connect(30_000);
  await owner.primary.transaction(async (tx) => {
    const [product] = await tx.query<{ id: string }>(
      `INSERT INTO products (slug, name, description, price_amount) VALUES ('test', 'Test', '', 1) RETURNING id`,
    );
    await tx.query(`INSERT INTO variants VALUES ('TEST-1', $1, 'One', 1, 'EUR', 0)`, [product?.id]);
    await tx.query(`INSERT INTO stock VALUES ('TEST-1', 0)`);
  });
  await owner.close();
  await allUp();
  await until('the replicas follow', () => !patient.health().degraded);
});

afterAll(async () => {
  await Promise.all([db?.close(), patient?.close()]);
  await stores?.close();
});

describe('a read that says nothing', () => {
  it('is answered by every replica in turn, and never by the primary', async () => {
    const sources = await Promise.all(Array.from({ length: 40 }, async () => (await readCount(undefined, patient)).source));
    expect(new Set(sources)).toEqual(new Set(['postgres-replica-1', 'postgres-replica-2']));
  });
});

describe('a read with the position of a write', () => {
  it('sees that write each time, though one replica has stopped replaying', async () => {
    await administer('postgres-replica-1', 'SELECT pg_wal_replay_pause()');
    const stale: number[] = [];
    const sources: string[] = [];
    for (let round = 1; round <= 1000; round += 1) {
      const { position: written } = await writeCount(round);
      const { available } = await readCount(written, patient);
      if (available !== round) stale.push(round);
      sources.push((await readCount(undefined, patient)).source);
    }
    await resumeReplay('postgres-replica-1');
    expect(stale).toEqual([]);
    expect(sources.filter((source) => source.startsWith('postgres-replica')).length / sources.length).toBeGreaterThan(0.99);
  });

  it('is answered by a replica once that has caught up', async () => {
    const { position: written } = await writeCount(7);
    await until('a replica answers', async () => (await readCount(written)).source.startsWith('postgres-replica'));
    expect((await readCount(written)).available).toBe(7);
  });
});

describe('a read that a replica breaks off, since it has to replay what the read stands in the way of', () => {
  it('goes on to the next server', async () => {
    const slow = open({ maxLag: 30_000, pools: { primary: POOL, replica: { ...POOL, statementTimeout: 10_000 } } });
    await slow.connect(30_000);
    const asked: string[] = [];
    const read = slow.replica().snapshot(async (node) => {
      asked.push(node.name);
      return node.query<{ available: number }>(`SELECT available FROM stock, pg_sleep($1) WHERE sku = 'TEST-1'`, [
        asked.length > 1 ? 0 : 9,
      ]);
    });
    await until('the read is under way', () => asked.length > 0);
    await wait(200);
    const owner = new Client({ connectionString: stores.facts.postgres.primary.ownerUrl });
    await owner.connect();
    await owner.query('BEGIN; LOCK TABLE stock IN ACCESS EXCLUSIVE MODE; COMMIT');
    await owner.end();
    expect((await read).value).toHaveLength(1);
    expect(asked).toHaveLength(2);
    await slow.close();
  });
});

describe('a replica that falls behind', () => {
  it('is left out after a second, and comes back by itself', async () => {
    await allUp();
    await administer('postgres-replica-1', 'SELECT pg_wal_replay_pause()');
    await writeCount(1); // without a write nobody is behind
    await until('it is noticed', () => db.health().degraded);
    const sources = await Promise.all(Array.from({ length: 20 }, async () => (await readCount()).source));
    expect(new Set(sources)).toEqual(new Set(['postgres-replica-2']));
    await resumeReplay('postgres-replica-1');
    await allUp();
  });
});

describe('servers that go away', () => {
  it('a killed replica costs no read, and serves again after its return', async () => {
    await allUp();
    const failures: unknown[] = [];
    const done = new AbortController();
    const readers = Array.from({ length: 4 }, async () => {
      while (!done.signal.aborted) await readCount().catch((error: unknown) => failures.push(error));
    });
    stores.signal('postgres-replica-1', 'SIGKILL');
    await stores.stop('postgres-replica-1');
    await stores.start('postgres-replica-1');
    await allUp();
    done.abort();
    await Promise.all(readers);
    expect(failures).toEqual([]);
  });

  it('a hanging replica costs no read either', async () => {
    await allUp();
    const backends = await administer('postgres-replica-2', `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'test%'`);
    const signal = (name: NodeJS.Signals) => backends.forEach(({ pid }) => process.kill(pid, name));
    signal('SIGSTOP');
    stores.signal('postgres-replica-2', 'SIGSTOP'); // nor does it take new connections
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => readCount()));
    await until('it is left out', () => roles()[2] === 'down');
    stores.signal('postgres-replica-2', 'SIGCONT');
    signal('SIGCONT');
    expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
    await allUp();
  });

  it('without any replica the primary answers', async () => {
    await Promise.all([stores.stop('postgres-replica-1'), stores.stop('postgres-replica-2')]);
    expect((await readCount()).source).toBe('postgres-primary');
    await Promise.all([stores.start('postgres-replica-1'), stores.start('postgres-replica-2')]);
    await allUp();
  });

  it('without a primary replicas answer, writes and reads from the future fail at once', async () => {
    const { position: now } = await writeCount(3);
    await stores.stop('postgres-primary');
    await until('it is noticed', () => roles()[0] === 'down');
    await wait(1500); // well past the lag that would leave a replica out
    expect((await readCount(now)).available).toBe(3);
    await expect(writeCount(4)).rejects.toThrow(DatabaseUnavailable);
    const started = performance.now();
    await expect(readCount(position(1, 'FF/0'))).rejects.toThrow(DatabaseUnavailable);
    expect(performance.now() - started).toBeLessThan(1000);
    await stores.start('postgres-primary');
    await allUp();
    await writeCount(5);
  });
});

describe('bounds', () => {
  it('all connections are there before anything is asked, and again when the server has been away', async () => {
    const fresh = open({ applicationName: 'fresh' });
    await fresh.connect(30_000);
    const opened = () => administer('postgres-replica-1', `SELECT pid FROM pg_stat_activity WHERE application_name = 'fresh'`);
    await until('every server is up', () => !fresh.health().degraded);
    const before = await opened();
    expect(before).toHaveLength(POOL.size);
    await administer('postgres-replica-1', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'fresh%'`);
    await until('all are there again', async () => (await opened()).length === POOL.size);
    expect((await opened()).filter(({ pid }) => before.some((one) => one.pid === pid))).toEqual([]);
    await fresh.close();
  });

  it('more work than connections is refused after the wait, and the server is not taken for dead', async () => {
    const small = open({
      maxLag: 30_000,
      pools: { primary: POOL, replica: { ...POOL, size: 1, waitTimeout: 300, statementTimeout: 5000 } },
    });
    await small.connect(30_000);
    await until('the replicas follow', () => !small.health().degraded);
    const both = await Promise.allSettled(Array.from({ length: 6 }, () => small.replica().query('SELECT pg_sleep(1.5)')));
    const refused = both.filter((result) => result.status === 'rejected');
    expect(refused.length).toBe(4);
    expect(refused.every(({ reason }) => reason instanceof PoolExhausted)).toBe(true);
    expect(small.health().servers.filter(({ role }) => role === 'replica')).toHaveLength(2);
    await small.close();
  });
});
