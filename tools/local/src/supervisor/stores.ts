import { setTimeout as wait } from 'node:timers/promises';
import { dropOtherSlots, prepareReplica, slotOf } from '../postgres/clone.ts';
import { answers, withConnection } from '../postgres/connect.ts';
import { configure, initialise, isComplete, postgresProgram, type PostgresServer } from '../postgres/server.ts';
import { configureRedis, redisAnswers, redisProgram, type RedisServer } from '../redis/server.ts';
import type { Stores } from '../stores.ts';
import { STOP_POSTGRES, STOP_REDIS } from '../stops.ts';
import { createService, type Service, type Supervision } from './service.ts';

/** Recovery after a crash may have to replay max_wal_size; a clone has to be copied. */
const POSTGRES_READY_WITHIN = 60_000;
const REDIS_READY_WITHIN = 30_000;

/** Starts of a replica that may fail before its data are taken for broken. */
const FAILURES_BEFORE_CLONE = 3;

/** Milliseconds between two looks at the replication slots, and how many a replica may be seen standing still. */
const LOOK_EVERY = 5000;
const LOOKS_BEFORE_CLONE = 4;

export interface StoreServices {
  primary: Service;
  replicas: Service[];
  cache: Service;
  state: Service;
  /** Clones replicas again that can't follow any more, until the signal aborts. */
  watchReplication(signal: AbortSignal): Promise<void>;
}

export function createStoreServices(stores: Stores, supervision: Supervision): StoreServices {
  const afresh = new Set<PostgresServer>();
  const replicas = stores.replicas.map((server) => createReplica(stores, server, afresh, supervision));
  return {
    primary: createPrimary(stores, supervision),
    replicas,
    cache: createRedis(stores.cache, supervision),
    state: createRedis(stores.state, supervision),
    async watchReplication(signal) {
      const standing = new Map<PostgresServer, number>();
      while (!signal.aborted) {
        await wait(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
        const stuck = signal.aborted ? [] : await stuckReplicas(stores, standing).catch(() => []);
        for (const server of stuck) {
          const service = replicas[stores.replicas.indexOf(server)];
          if (service?.state !== 'ready') continue;
          supervision.changed(service, `${server.name} can't follow the primary any more: cloning it again`);
          afresh.add(server);
          await service.stop();
          await service.start().catch(() => undefined); // its problem shows in the status
        }
      }
    },
  };
}

function createPrimary(stores: Stores, supervision: Supervision): Service {
  const { primary, secrets } = stores;
  return createService({
    ...supervision,
    name: primary.name,
    program: () => postgresProgram(primary),
    async prepare() {
      if (!isComplete(primary)) await initialise(primary, secrets.postgres.superuser);
      await configure(primary);
    },
    isReady: () => answers(primary.port, secrets.postgres.superuser),
    readyWithin: POSTGRES_READY_WITHIN,
    stop: STOP_POSTGRES,
  });
}

function createReplica(stores: Stores, server: PostgresServer, afresh: Set<PostgresServer>, supervision: Supervision): Service {
  const { primary, secrets } = stores;
  return createService({
    ...supervision,
    name: server.name,
    program: () => postgresProgram(server),
    async prepare(failures) {
      const anew = afresh.has(server) || (failures > 0 && failures % FAILURES_BEFORE_CLONE === 0);
      await prepareReplica(primary, server, secrets.postgres, anew);
      afresh.delete(server);
    },
    isReady: () => answers(server.port, secrets.postgres.superuser),
    readyWithin: POSTGRES_READY_WITHIN,
    stop: STOP_POSTGRES,
  });
}

function createRedis(server: RedisServer, supervision: Supervision): Service {
  return createService({
    ...supervision,
    name: server.name,
    program: () => redisProgram(server),
    prepare: () => configureRedis(server),
    isReady: () => redisAnswers(server),
    readyWithin: REDIS_READY_WITHIN,
    stop: STOP_REDIS,
  });
}

/** Removes what replicas of an earlier, larger cluster left in the primary. */
export async function forgetOtherReplicas({ primary, replicas, secrets }: Stores): Promise<void> {
  await dropOtherSlots(primary, replicas, secrets.postgres);
}

/**
 * Replicas whose slot was invalidated (they were away until the primary no longer kept their log), and those that
 * stream nothing and replay nothing for 20 s although the primary is there.
 */
async function stuckReplicas(stores: Stores, standing: Map<PostgresServer, number>): Promise<PostgresServer[]> {
  const { primary, secrets } = stores;
  const superuser = (port: number) => ({ port, user: 'postgres', password: secrets.postgres.superuser }) as const;
  const slots = await withConnection(superuser(primary.port), (client) =>
    client.query<{ name: string; active: boolean; lost: boolean }>(
      "SELECT slot_name AS name, active, coalesce(wal_status = 'lost', false) AS lost FROM pg_replication_slots",
    ),
  );
  const stuck: PostgresServer[] = [];
  for (const server of stores.replicas) {
    const slot = slots.rows.find(({ name }) => name === slotOf(server));
    const looks = slot?.active || (await isReplaying(superuser(server.port))) ? 0 : (standing.get(server) ?? 0) + 1;
    if (slot?.lost || looks >= LOOKS_BEFORE_CLONE) stuck.push(server);
    standing.set(server, stuck.includes(server) ? 0 : looks);
  }
  return stuck;
}

/** Whether the replica has log of its own left to apply: it doesn't stream before it is through with that. */
async function isReplaying(target: Parameters<typeof withConnection>[0]): Promise<boolean> {
  const position = async () => {
    const { rows } = await withConnection(target, (client) =>
      client.query<{ position: string | null }>('SELECT pg_last_wal_replay_lsn()::text AS position'),
    );
    return rows[0]?.position;
  };
  const before = await position();
  await wait(1000);
  return before !== (await position());
}
