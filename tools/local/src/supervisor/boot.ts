import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, type Place, type Progress } from '@tenfold/cluster';
import type { EdgeSettings } from '@tenfold/nginx';
import { type MaxReplicas, readEdgeSettings, readMaxReplicas } from '../config.ts';
import { makePrivateFolder } from '../files/own.ts';
import { isComplete } from '../postgres/server.ts';
import type { Account } from '../process/launch.ts';
import { endLeftBehind } from '../process/records.ts';
import { storeAccount } from '../programs/account.ts';
import { findNginx, type NginxProgram } from '../programs/nginx.ts';
import { findPostgres } from '../programs/postgres.ts';
import { findRedis } from '../programs/redis.ts';
import type { Step } from '../progress.ts';
import { checkSpace, FIRST_START_BYTES, LATER_START_BYTES } from '../state/disk.ts';
import {
  type Credentials,
  makeSecrets,
  readOrMakeCredentials,
  readSecrets,
  readSettings,
  type Secrets,
  type Settings,
  writeSettings,
} from '../state/files.ts';
import { listenerOn } from '../state/port-owner.ts';
import { findBlock, isFree, type Ports, portsFrom, ROOM } from '../state/ports.ts';
import { describeStores, type Stores } from '../stores.ts';

export interface StartOptions {
  api: number;
  workers: number;
  replicas: number;
  /** The edge's port; the last start's when left out. */
  port?: number | undefined;
  /** Deletes all data first. */
  reset: boolean;
}

/** All that has to be known before the first process is started. */
export interface Ground {
  place: Place;
  options: StartOptions;
  account: Account | undefined;
  nginx: NginxProgram;
  stores: Stores;
  ports: Ports;
  settings: Settings;
  secrets: Secrets;
  credentials: Credentials;
  edgeSettings: EdgeSettings;
  maxReplicas: MaxReplicas;
}

const DEFAULT_PORT = 8080;

/** Clears what a crashed supervisor left, finds programs and ports, makes secrets. Starts nothing. @throws ClusterError */
export async function prepareGround(place: Place, options: StartOptions, step: Step, say: Progress): Promise<Ground> {
  const maxReplicas = readMaxReplicas();
  const edgeSettings = readEdgeSettings();
  checkCounts(options, maxReplicas);
  const ended = await endLeftBehind(place.records);
  if (ended.length > 0) say(`ended what an earlier supervisor left behind: ${ended.join(', ')}`);
  if (options.reset) await step('deleting all data', () => reset(place));

  const account = storeAccount();
  await makeFolders(place);
  const settings = await choosePorts(place, options);
  const { secrets, credentials } = await secretsOf(place, say);
  const programs = await findPrograms(place, account, step, say);
  const ports = portsFrom(settings.block);
  const stores = describeStores({
    folder: place.data,
    logs: place.logs,
    ports,
    replicas: options.replicas,
    programs,
    account,
    secrets,
    durable: true,
  });
  await checkSpace(place.data, isComplete(stores.primary) ? LATER_START_BYTES : FIRST_START_BYTES);
  await writeSettings(place, settings);
  return { place, options, account, nginx: programs.nginx, stores, ports, settings, secrets, credentials, edgeSettings, maxReplicas };
}

/** Deletes data and secrets; programs, logs and the remembered port stay. */
export async function reset(place: Place): Promise<void> {
  for (const folder of [place.data, place.keys, place.mail]) await rm(folder, { recursive: true, force: true });
  for (const file of [join(place.dir, 'secrets.json'), place.credentials]) await rm(file, { force: true });
}

function checkCounts({ api, workers, replicas }: StartOptions, maxReplicas: MaxReplicas): void {
  for (const [service, count, variable, max] of [
    ['api', api, 'API_MAX_REPLICAS', maxReplicas.api],
    ['worker', workers, 'WORKER_MAX_REPLICAS', maxReplicas.worker],
  ] as const) {
    if (count <= max) continue;
    throw new ClusterError(
      `--scale ${service}=${count} is more than ${variable}=${max}, which the database's connections are budgeted for.`,
    );
  }
  if (replicas > ROOM.postgresReplicas) throw new ClusterError(`There can be ${ROOM.postgresReplicas} database replicas at most.`);
}

async function makeFolders(place: Place): Promise<void> {
  // Root's data are below folders that the stores' account may pass, and each store's own folder is private to it.
  await mkdir(place.data, { recursive: true, mode: 0o755 });
  await mkdir(place.programs, { recursive: true, mode: 0o755 });
  await makePrivateFolder(place.logs);
  await makePrivateFolder(place.mail);
}

async function findPrograms(place: Place, account: Account | undefined, step: Step, say: Progress) {
  const progress = (line: string) => say(`${line} …`);
  const [postgres, redis, nginx] = await step('finding PostgreSQL, Redis and nginx', () =>
    Promise.all([findPostgres(account), findRedis(progress), findNginx({ cacheDirectory: place.programs, progress })]),
  );
  say(`PostgreSQL ${postgres.version}, Redis ${redis.version}, nginx ${nginx.version}`);
  if (nginx.note !== undefined) say(`note: ${nginx.note}`);
  return { postgres, redis, nginx };
}

async function choosePorts(place: Place, options: StartOptions): Promise<Settings> {
  const last = options.reset ? await readSettings(place).catch(() => undefined) : await readSettings(place);
  const port = options.port ?? last?.port ?? DEFAULT_PORT;
  if (!(await isFree(port))) {
    throw new ClusterError(`Port ${port} is in use by ${listenerOn(port) ?? 'another program'}: choose another one with --port.`);
  }
  return { port, block: await findBlock(place.id, last?.block) };
}

/** Data without their secrets can't be opened: they are what remains of a state directory that somebody deleted. */
async function secretsOf(place: Place, say: Progress): Promise<{ secrets: Secrets; credentials: Credentials }> {
  let secrets = await readSecrets(place);
  if (!secrets) {
    if (existsSync(join(place.data, 'postgres-primary'))) {
      say('the data of an earlier cluster are without their secrets: beginning anew');
      await rm(place.data, { recursive: true, force: true });
      await makeFolders(place);
    }
    secrets = await makeSecrets(place);
  }
  return { secrets, credentials: await readOrMakeCredentials(place) };
}
