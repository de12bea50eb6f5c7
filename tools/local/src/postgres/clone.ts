import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeLiteral, type Client } from 'pg';
import { copyTree } from '../files/copy-tree.ts';
import { writePrivateFile } from '../files/own.ts';
import { withConnection } from './connect.ts';
import { clear, configure, dataOf, isComplete, markComplete, type PostgresSecrets, type PostgresServer } from './server.ts';
import { quote } from './settings.ts';

/** Contents that a clone must not have: they belong to the running primary, or are rebuilt. pg_basebackup's own list. */
const NOT_COPIED = /^(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\//;
const NOT_COPIED_FILE =
  /(^|\/)(postmaster\.(pid|opts)|backup_label(\.old)?|tablespace_map(\.old)?|backup_manifest|standby\.signal|recovery\.signal|pgsql_tmp.*|pg_internal\.init.*)$/;

/** The replication slot of a replica: the primary keeps the log that this replica has not had yet. */
export const slotOf = (replica: PostgresServer) => replica.name.replaceAll('-', '_');

/**
 * Makes `replica` ready to be started: cloned when it has no data, when its data come from another primary, or when the
 * primary no longer keeps the log that it would need. Otherwise only its settings are written; also when the primary is
 * down, since a replica answers reads without it.
 *
 * @param afresh clones it in any case.
 */
export async function prepareReplica(
  primary: PostgresServer,
  replica: PostgresServer,
  secrets: PostgresSecrets,
  afresh = false,
): Promise<void> {
  const mayGoAlone = isComplete(replica) && !afresh;
  const cloned = await withConnection({ port: primary.port, user: 'postgres', password: secrets.superuser }, async (client) => {
    const keptLog = await ensureSlot(client, slotOf(replica));
    if (mayGoAlone && keptLog && (await haveSameOrigin(primary, replica))) return false;
    await clone(client, primary, replica);
    return true;
  }).catch((error: unknown) => {
    if (mayGoAlone && isComplete(replica)) return false; // the second: a clone that broke off has emptied it
    throw error;
  });
  await configureReplica(primary, replica, secrets);
  if (cloned) await markComplete(replica);
}

/** Drops the slots of replicas that the cluster no longer has: a slot that nobody reads keeps the log for nothing. */
export async function dropOtherSlots(
  primary: PostgresServer,
  replicas: readonly PostgresServer[],
  secrets: PostgresSecrets,
): Promise<void> {
  await withConnection({ port: primary.port, user: 'postgres', password: secrets.superuser }, (client) =>
    client.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
       WHERE slot_name LIKE 'postgres\\_replica\\_%' AND NOT active AND slot_name <> ALL ($1)`,
      [replicas.map(slotOf)],
    ),
  );
}

/** @returns whether the slot was there and still has all the log since its replica last read. */
async function ensureSlot(client: Client, slot: string): Promise<boolean> {
  const { rows } = await client.query<{ lost: boolean }>(
    "SELECT coalesce(wal_status = 'lost', false) AS lost FROM pg_replication_slots WHERE slot_name = $1",
    [slot],
  );
  if (rows[0]?.lost === false) return true;
  if (rows[0]) await client.query('SELECT pg_drop_replication_slot($1)', [slot]);
  await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
  return false;
}

/**
 * PostgreSQL's low-level backup: tell the primary, copy its files while it goes on writing, and give the copy the label
 * that says from where in the log to make it consistent. The slot, made before, keeps that log.
 */
async function clone(client: Client, primary: PostgresServer, replica: PostgresServer): Promise<void> {
  await clear(replica);
  await client.query(`SELECT pg_backup_start(${escapeLiteral(replica.name)}, fast => true)`);
  await copyTree(dataOf(primary), dataOf(replica), {
    skip: (path) => NOT_COPIED.test(path) || NOT_COPIED_FILE.test(path),
    account: replica.account,
  });
  const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)');
  await writePrivateFile(join(dataOf(replica), 'backup_label'), rows[0]?.labelfile ?? '', replica.account);
}

async function configureReplica(primary: PostgresServer, replica: PostgresServer, secrets: PostgresSecrets): Promise<void> {
  const passwordFile = join(replica.folder, 'replication-password');
  await writePrivateFile(passwordFile, `127.0.0.1:${primary.port}:*:tenfold_replication:${secrets.replication}\n`, replica.account);
  await writePrivateFile(join(dataOf(replica), 'standby.signal'), '', replica.account);
  await configure(replica, {
    primary_conninfo: `host=127.0.0.1 port=${primary.port} user=tenfold_replication application_name=${replica.name} connect_timeout=2 passfile=${quote(passwordFile)}`,
    primary_slot_name: slotOf(replica),
  });
}

/** Whether both descend from one initdb: the system identifier is the first 8 bytes of pg_control. */
async function haveSameOrigin(a: PostgresServer, b: PostgresServer): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((server) => readFile(join(dataOf(server), 'global', 'pg_control'))));
  return one !== undefined && other !== undefined && one.subarray(0, 8).equals(other.subarray(0, 8));
}
