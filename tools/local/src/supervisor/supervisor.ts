import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError, type ClusterStatus, type Place, type Progress } from '@tenfold/cluster';
import { type Account, ensureAccounts, migrate, rotateKeys, seed } from '../app-tools.ts';
import { capLogs } from '../files/cap-logs.ts';
import { bootstrap } from '../postgres/bootstrap.ts';
import { databaseUrl } from '../postgres/connect.ts';
import { isComplete } from '../postgres/server.ts';
import { createRecords } from '../process/records.ts';
import type { Step } from '../progress.ts';
import { createQuotas, type Quotas } from '../quota/quotas.ts';
import type { Credentials } from '../state/files.ts';
import { createApiReplicas } from './api.ts';
import { environmentOf } from './api-env.ts';
import type { Ground } from './boot.ts';
import { createEdge, QUIT_NOW } from './edge.ts';
import type { Service, Supervision } from './service.ts';
import { statusOf } from './status.ts';
import { createStoreServices, forgetOtherReplicas } from './stores.ts';

/** Milliseconds that the edge has for itself when everything ends. */
const EDGE_HEAD_START = 2000;

/** The processes of a cluster, and what can be done to them. */
export interface Supervisor {
  url: string;
  /** Starts everything, in as little order as possible. @throws ClusterError; what runs by then has to be stopped. */
  start(step: Step, signal: AbortSignal): Promise<void>;
  status(): ClusterStatus;
  scale(count: number, progress: Progress): Promise<void>;
  drain(name: string, progress: Progress): Promise<void>;
  kill(name: string): void;
  stopService(name: string): Promise<void>;
  startService(name: string): Promise<void>;
  /** How much CPU who may use, and has used. */
  quotas: Pick<Quotas, 'set' | 'usage'>;
  reloadEdge(): Promise<void>;
  rotateKeys(progress: Progress): Promise<void>;
  /** Drains and ends everything: nobody is sent to what ends next. Never throws. */
  stop(progress: Progress): Promise<void>;
  /** Ends everything at once, and leaves it to Postgres's log to put things right. */
  stopNow(): Promise<void>;
}

/** @param note says something that a person should find in the supervisor's log. */
export function createSupervisor(ground: Ground, note: Progress): Supervisor {
  const { place, stores, account, nginx, options } = ground;
  const closing = new AbortController();
  const supervision: Supervision = {
    records: createRecords(place.records),
    closing: closing.signal,
    changed: (service, line) => {
      if (service.state === 'ready') quotas.apply(service);
      if (line !== undefined) note(line);
    },
  };
  const quotas = createQuotas(place.id, () => [edge.service, ...api.services(), ...storeList], note);
  const storeServices = createStoreServices(stores, supervision);
  const api = createApi(ground, note, supervision, () => edge.apply());
  const edge = createEdge({
    port: ground.settings.port,
    folder: join(place.data, 'edge'),
    logs: place.logs,
    nginx,
    account,
    settings: ground.edgeSettings,
    servers: () => api.servers(),
    service: supervision,
  });
  const storeList = [storeServices.primary, ...storeServices.replicas, storeServices.cache, storeServices.state];
  return {
    url: edge.url,
    quotas,
    async start(step, signal) {
      api.declare(options.api);
      const up = (service: Service) => step(`starting ${service.name}`, () => service.start());
      await Promise.all([
        up(edge.service),
        up(storeServices.cache),
        up(storeServices.state),
        startDatabase(ground, storeServices, step, signal),
        makeKeys(place, step, signal),
      ]);
      signal.throwIfAborted();
      await step(`starting ${options.api} API replicas`, () => api.start(() => undefined));
      api.watch(closing.signal);
      capLogs(place.logs, closing.signal);
      void storeServices.watchReplication(closing.signal);
    },
    status: () => statusOf({ edge, api, stores, services: storeServices }),
    scale: (count, progress) => api.scale(count, progress),
    drain: (name, progress) => api.drain(name, progress),
    kill: (name) => find(name, [edge.service, ...api.services(), ...storeList]).kill(),
    stopService: (name) => find(name, storeList).stop(),
    startService: (name) => find(name, storeList).start(),
    reloadEdge: () => edge.reload(),
    async rotateKeys(progress) {
      progress(`new tokens will be signed with ${await rotateKeys(place.keys)} in a few seconds; those that live stay good`);
    },
    async stop(progress) {
      closing.abort();
      // It takes no more connections from now on. Idle ones would keep it for seconds: when the API replicas have
      // answered what was under way and ended, nothing is left in it.
      const drained = edge.service.stop();
      await Promise.race([drained, wait(EDGE_HEAD_START)]);
      await api.stop();
      await edge.service.stop(QUIT_NOW);
      progress('edge and API replicas have drained and ended');
      await Promise.all(storeList.filter((service) => service !== storeServices.primary).map((service) => service.stop()));
      await storeServices.primary.stop();
      quotas.clear();
      progress('the stores have ended');
    },
    async stopNow() {
      closing.abort();
      const quit = [{ signal: 'SIGQUIT', wait: 2000 }] as const;
      await Promise.all([
        ...[edge.service, ...api.services(), storeServices.cache, storeServices.state].map((service) => service.stop([])),
        ...[storeServices.primary, ...storeServices.replicas].map((service) => service.stop(quit)),
      ]);
    },
  };
}

function createApi(ground: Ground, note: Progress, service: Supervision, applyToEdge: () => Promise<void>) {
  return createApiReplicas({
    max: ground.maxReplicas,
    address: (number) => ({ name: `api-${number}`, port: ground.ports.api(number), metricsPort: ground.ports.apiMetrics(number) }),
    logs: ground.place.logs,
    env: (replica) => environmentOf(ground, replica),
    applyToEdge,
    note,
    service,
  });
}

/** Primary, roles, schema and rows one after the other; the replicas beside the last two. */
async function startDatabase(
  { stores, secrets, credentials }: Ground,
  services: ReturnType<typeof createStoreServices>,
  step: Step,
  signal: AbortSignal,
): Promise<void> {
  await step('starting postgres-primary', () => services.primary.start());
  signal.throwIfAborted();
  if (!isComplete(stores.primary)) await step('making database and roles', () => bootstrap(stores.primary, secrets.postgres));
  await forgetOtherReplicas(stores);
  const ownerUrl = databaseUrl('tenfold_owner', secrets.postgres.owner, stores.primary.port);
  const fill = async () => {
    await step('bringing the schema up to date', () => migrate(ownerUrl, signal));
    await Promise.all([
      step('filling the catalogue', () => seed(ownerUrl, signal)),
      step('making the accounts of admin and staff', () => ensureAccounts(ownerUrl, accountsOf(credentials), signal)),
    ]);
  };
  await Promise.all([fill(), ...services.replicas.map((replica) => step(`starting ${replica.name}`, () => replica.start()))]);
}

function accountsOf({ admin, staff }: Credentials): Account[] {
  return [
    { ...admin, role: 'admin' },
    { ...staff, role: 'staff' },
  ];
}

/** The first signing key; `rotate-keys` makes the others. */
async function makeKeys(place: Place, step: Step, signal: AbortSignal): Promise<void> {
  const files = await readdir(place.keys).catch(() => []);
  if (files.some((file) => file.endsWith('.pem'))) return;
  await step('making a signing key', () => rotateKeys(place.keys, signal));
}

function find(name: string, services: readonly Service[]): Service {
  const service = services.find((one) => one.name === name);
  if (!service) throw new ClusterError(`There is no ${name} to do this to; there are ${services.map((one) => one.name).join(', ')}.`);
  return service;
}
