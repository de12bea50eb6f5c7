import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../process/until.ts';
import { startTestStores, type TestStores } from '../testing/test-stores.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores({ replicas: 1 });
});
afterAll(() => stores.close());

const primary = () => stores.facts.postgres.primary.superuserUrl;
const replica = () => stores.facts.postgres.replicas[0]?.superuserUrl ?? '';

async function query(url: string, ...statements: string[]) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let value: unknown;
    for (const sql of statements) value = Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0];
    return value;
  } finally {
    await client.end();
  }
}

async function isStreaming() {
  const lsn = String(await query(primary(), 'SELECT pg_current_wal_lsn()'));
  const caughtUp = () => query(replica(), `SELECT pg_last_wal_replay_lsn() >= '${lsn}'`);
  await until(async () => (await caughtUp()) === true, { what: 'the replica did not catch up', within: 60_000 });
  return (await query(replica(), 'SELECT status FROM pg_stat_wal_receiver')) === 'streaming';
}

it('a replica that was away goes on where it was', async () => {
  await stores.stop('postgres-replica-1');
  await query(primary(), "SELECT pg_logical_emit_message(true, 'test', repeat('x', 100000))");
  await stores.start('postgres-replica-1');
  expect(await isStreaming()).toBe(true);
});

it('a replica that was away for longer than the primary keeps its log is cloned again', async () => {
  await stores.stop('postgres-replica-1');
  const segment = ["SELECT pg_logical_emit_message(true, 'test', 'x')", 'SELECT pg_switch_wal()'];
  await query(
    primary(),
    "ALTER SYSTEM SET max_slot_wal_keep_size = '32MB'",
    'SELECT pg_reload_conf()',
    ...Array.from({ length: 8 }, () => segment).flat(),
    'CHECKPOINT',
  );
  const status = () => query(primary(), "SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'postgres_replica_1'");
  await until(async () => (await status()) === 'lost', { what: 'the slot was not invalidated', within: 30_000 });

  await stores.start('postgres-replica-1');
  expect(await isStreaming()).toBe(true);
  expect(await status()).not.toBe('lost');
});

it('a replica starts and answers reads without its primary', async () => {
  await stores.stop('postgres-replica-1');
  await stores.stop('postgres-primary');
  await stores.start('postgres-replica-1');
  expect(await query(replica(), 'SELECT pg_is_in_recovery()')).toBe(true);
  await stores.start('postgres-primary');
  await until(isStreaming, { what: 'the replica did not find its primary again', within: 60_000 });
});
