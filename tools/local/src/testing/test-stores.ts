import { chmod, rm } from 'node:fs/promises';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { migrate } from '../app-tools.ts';
import { bootstrap } from '../postgres/bootstrap.ts';
import { prepareReplica } from '../postgres/clone.ts';
import { answers, databaseUrl } from '../postgres/connect.ts';
import { configure, initialise, postgresProgram, type PostgresServer } from '../postgres/server.ts';
import { end, killGroup } from '../process/end.ts';
import { launch, type Program, type Running } from '../process/launch.ts';
import { createRecords, endLeftBehind, type Records } from '../process/records.ts';
import { until } from '../process/until.ts';
import { storeAccount } from '../programs/account.ts';
import { findPostgres } from '../programs/postgres.ts';
import { findRedis } from '../programs/redis.ts';
import { configureRedis, redisAnswers, redisProgram, redisUrl, type RedisServer } from '../redis/server.ts';
import { findBlock, portsFrom } from '../state/ports.ts';
import { makeTestFolder } from './leftovers.ts';
import { STOP_POSTGRES, STOP_REDIS } from '../stops.ts';
import { describeStores, makeStoreSecrets, type Stores } from '../stores.ts';

export type StoreName = 'postgres-primary' | `postgres-replica-${number}` | 'redis-cache' | 'redis-state';

export interface PostgresFacts {
  name: StoreName;
  port: number;
  /** The role of the API: rows, and nothing else. */
  apiUrl: string;
  /** The role of migrations and seeds. */
  ownerUrl: string;
  superuserUrl: string;
}

export interface RedisFacts {
  name: StoreName;
  port: number;
  url: string;
}

/** What a test needs to reach the stores; can be sent to another process. */
export interface StoreFacts {
  postgres: { primary: PostgresFacts; replicas: PostgresFacts[] };
  redis: { cache: RedisFacts; state: RedisFacts };
}

/** Real stores for a test, in a temporary folder. */
export interface TestStores {
  facts: StoreFacts;
  /** The process id of a store, or undefined while it is stopped. */
  pid(name: StoreName): number | undefined;
  /** Shuts a store down and waits for its end. */
  stop(name: StoreName): Promise<void>;
  /** Starts a store that was stopped or killed, on its old port and data, and waits until it answers. */
  start(name: StoreName): Promise<void>;
  /** SIGSTOP makes a store hang, SIGCONT lets it go on, SIGKILL crashes it. */
  signal(name: StoreName, signal: NodeJS.Signals): void;
  /** Ends all stores and deletes their data. */
  close(): Promise<void>;
}

/** Which processes run, for the next test run to end if this one is killed. */
const RECORDS = 'processes.json';

/** How long a store may take to start, on a machine that does something else as well. */
const PATIENCE = 30_000;

/**
 * Starts a primary, streaming replicas and both Redis servers on free ports, with all migrations applied and no rows.
 *
 * A test that breaks stores starts its own; the others share those of the `integration` project.
 */
export async function startTestStores({ replicas = 2 } = {}): Promise<TestStores> {
  const folder = await makeTestFolder('tenfold-stores-', (abandoned) => endLeftBehind(join(abandoned, RECORDS)));
  const records = createRecords(join(folder, RECORDS));
  const running = new Map<string, Running>();
  // The last resort when the test run dies without tearing down.
  const abandon = () => {
    for (const { pid } of running.values()) killGroup(pid);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  const close = async () => {
    const servers = [...running.keys()];
    await Promise.all(servers.filter((name) => name !== 'postgres-primary').map(stop));
    if (running.has('postgres-primary')) await stop('postgres-primary');
    await rm(folder, { recursive: true, force: true });
    process.off('exit', abandon);
  };
  const stop = async (name: string) => {
    const process = running.get(name);
    if (!process) return;
    process.signal('SIGCONT');
    await end(process, name.startsWith('postgres') ? STOP_POSTGRES : STOP_REDIS);
    running.delete(name);
  };
  try {
    const stores = await describe(folder, replicas);
    const start = starter(stores, running, records);
    await Promise.all([startPostgres(stores, start), start('redis-cache'), start('redis-state')]);
    return {
      facts: factsOf(stores),
      pid: (name) => running.get(name)?.pid,
      stop,
      start,
      signal: (name, signal) => running.get(name)?.signal(signal),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function describe(folder: string, replicas: number): Promise<Stores> {
  const account = storeAccount();
  await chmod(folder, 0o755); // the stores' account has to get through; what is below is private
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const [postgres, redis, base] = await Promise.all([findPostgres(account), findRedis(), findBlock(folder)]);
  return describeStores({
    folder,
    logs,
    ports: portsFrom(base),
    replicas,
    programs: { postgres, redis },
    account,
    secrets: makeStoreSecrets(),
    durable: false,
  });
}

/** The order of a first start: primary, roles, then the schema while the replicas are cloned. */
async function startPostgres(stores: Stores, start: TestStores['start']): Promise<void> {
  const { primary, secrets } = stores;
  await initialise(primary, secrets.postgres.superuser);
  await start('postgres-primary');
  await bootstrap(primary, secrets.postgres);
  await Promise.all([
    migrate(databaseUrl('tenfold_owner', secrets.postgres.owner, primary.port)),
    ...stores.replicas.map((_, index) => start(`postgres-replica-${index + 1}`)),
  ]);
}

function starter(stores: Stores, running: Map<string, Running>, records: Records): TestStores['start'] {
  const { primary, replicas, cache, state, secrets } = stores;
  return async (name) => {
    const redis = [cache, state].find((server) => server.name === name);
    const postgres = [primary, ...replicas].find((server) => server.name === name);
    if (redis) {
      await configureRedis(redis);
      await startUntil(running, records, redisProgram(redis), () => redisAnswers(redis));
    } else if (postgres) {
      await (postgres === primary ? configure(primary) : prepareReplica(primary, postgres, secrets.postgres));
      await startUntil(running, records, postgresProgram(postgres), () => answers(postgres.port, secrets.postgres.superuser));
    } else {
      throw new Error(`there is no store ${name}`);
    }
  };
}

/** Starts again what ends at once: a Postgres whose predecessor was killed can't have its shared memory until that is all gone. */
async function startUntil(
  running: Map<string, Running>,
  records: Records,
  program: Program,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (performance.now() < deadline) {
    const ended = new AbortController();
    const process = launch(program);
    running.set(program.name, process);
    records.add({ name: program.name, pid: process.pid, started: process.started, polite: 'SIGINT' });
    void process.exited.then(() => (records.remove(process.pid), ended.abort()));
    const ready = until(isReady, { what: `${program.name} did not answer`, within: PATIENCE, signal: ended.signal });
    if (await ready.catch(() => false)) return;
    await wait(200);
  }
  throw new Error(`${program.name} ends again and again; its log is ${program.log}`);
}

function factsOf({ primary, replicas, cache, state, secrets }: Stores): StoreFacts {
  const postgres = (server: PostgresServer): PostgresFacts => ({
    name: asStoreName(server.name),
    port: server.port,
    apiUrl: databaseUrl('tenfold_api', secrets.postgres.api, server.port),
    ownerUrl: databaseUrl('tenfold_owner', secrets.postgres.owner, server.port),
    superuserUrl: databaseUrl('postgres', secrets.postgres.superuser, server.port),
  });
  return {
    postgres: { primary: postgres(primary), replicas: replicas.map(postgres) },
    redis: { cache: redisFacts(cache), state: redisFacts(state) },
  };
}

function redisFacts(server: RedisServer): RedisFacts {
  return { name: server.name, port: server.port, url: redisUrl(server) };
}

function asStoreName(name: string): StoreName {
  return name === 'postgres-primary' ? name : `postgres-replica-${Number(name.slice('postgres-replica-'.length))}`;
}
