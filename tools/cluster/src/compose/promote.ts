import { setTimeout as wait } from 'node:timers/promises';
import type { Progress, Promotion } from '../cluster.ts';
import { ClusterError } from '../errors.ts';
import { type Container, containersOf } from './containers.ts';
import { docker, type Project } from './docker.ts';
import { isPrimary, query } from './postgres.ts';

/** In the images; tenfold-server reads it. */
const FENCED = '/var/lib/postgresql/18/fenced';
/** Milliseconds that the old primary has to come back as a replica before nobody waits for it any more. */
const PATIENCE = 120_000;
/** Milliseconds between two looks. */
const EVERY = 250;
/** Where the log is. */
const WAL = '/var/lib/postgresql/18/docker/pg_wal';

/**
 * Makes the replica that is furthest the primary. The old one is fenced first: it can't take writes again by itself, and
 * comes back as a replica. One that still runs hands over all that it has acknowledged as it ends.
 *
 * @throws ClusterError when there is no replica.
 */
export async function promote(project: Project, progress: Progress): Promise<Promotion> {
  const servers = (await containersOf(project)).filter(({ service }) => service === 'postgres' || service === 'postgres-replica');
  const roles = await Promise.all(servers.map(roleOf));
  const replicas = servers.filter((_, index) => roles[index] === 'replica');
  const old = servers.find((_, index) => roles[index] === 'primary') ?? servers.find((_, index) => roles[index] === 'silent');
  if (!old) throw new ClusterError('There is no primary, not even one that has ended.');
  if (replicas.length === 0) throw new ClusterError('No replica answers: there is none to promote.');

  await beside(old, `touch ${FENCED}`);
  await docker(['stop', '--time', '30', old.id]);
  progress(`${old.name} is fenced and has ended`);
  const chosen = await furthest(replicas);
  await keepLogFor(
    chosen,
    replicas.filter(({ id }) => id !== chosen.id),
  );
  const done = await query(chosen, 'SELECT pg_promote(true, 30)');
  if (done !== 't' || !(await isPrimary(chosen))) {
    throw new ClusterError(`${chosen.name} did not become the primary within 30 s, and ${old.name} stays fenced: promote again.`);
  }
  progress(`${chosen.name} is the primary`);
  const lostCommits = await commitsAfterFork(chosen, old);
  await docker(['start', old.id]);
  progress(
    (await follows(old))
      ? `${old.name} follows it`
      : `${old.name} does not follow it yet: until it does, keep ${chosen.name}, which may have the only complete copy`,
  );
  return { primary: chosen.name, former: old.name, lostCommits };
}

async function roleOf(server: Container): Promise<'primary' | 'replica' | 'silent'> {
  if (server.pid === null) return 'silent';
  const answer = await query(server, 'SELECT pg_is_in_recovery()').catch(() => '');
  if (answer === '') return 'silent';
  return answer === 't' ? 'replica' : 'primary';
}

/** It is cloned first, which takes seconds here, and as long as it takes elsewhere. */
async function follows(server: Container): Promise<boolean> {
  const deadline = performance.now() + PATIENCE;
  while (performance.now() < deadline) {
    const status = await query(server, 'SELECT status FROM pg_stat_wal_receiver').catch(() => '');
    if (status === 'streaming') return true;
    await wait(EVERY);
  }
  return false;
}

async function furthest(replicas: readonly Container[]): Promise<Container> {
  const position = "SELECT pg_wal_lsn_diff(coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')";
  const positions = await Promise.all(replicas.map(async (server) => Number(await query(server, position))));
  const most = Math.max(...positions);
  const found = replicas[positions.indexOf(most)];
  if (!found) throw new ClusterError('No replica says how far it is.');
  return found;
}

/** The others go on streaming from the new primary: without a slot there, what they lack might be gone before they ask. */
async function keepLogFor(chosen: Container, others: readonly Container[]): Promise<void> {
  for (const { id } of others) {
    const slot = `replica_${id.slice(0, 12)}`; // as tenfold-cluster names it: by the container's host name
    const missing = `NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '${slot}')`;
    await query(chosen, `SELECT pg_create_physical_replication_slot('${slot}', true) WHERE ${missing}`);
  }
}

/** Transactions in the old primary's log that came after the point from which the new one went its own way. */
async function commitsAfterFork(chosen: Container, old: Container): Promise<number> {
  // The last line of its newest history: timeline, position, reason.
  const history = await docker(['exec', chosen.id, 'bash', '-c', `tail -qn1 "$(ls ${WAL}/*.history | tail -n1)"`]);
  const [timeline = '', position = ''] = history.trim().split('\t');
  if (!/^\d+$/.test(timeline) || !/^[0-9A-F]+\/[0-9A-F]+$/.test(position)) {
    throw new ClusterError(`${chosen.name} is the primary; where it parted from ${old.name} can't be read.`);
  }
  // The end of the log is where pg_waldump can't go on, which it calls an error.
  const dump = `pg_waldump --path=${WAL} --timeline=${timeline} --start=${position} --rmgr=Transaction 2>/dev/null`;
  return Number(await beside(old, `{ ${dump} || true; } | { grep -c 'desc: COMMIT' || true; }`));
}

/** Runs a command on the files of a server, whether it runs or not. */
function beside({ id, image }: Container, command: string): Promise<string> {
  return docker(['run', '--rm', '--network', 'none', '--volumes-from', id, '--entrypoint', 'bash', image.id, '-c', command]);
}
