import { readdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError, type ClusterStatus, type Place, type Progress, type Scalable } from '@tenfold/cluster';
import { type Account, ensureAccounts, migrate, rotateKeys, seed } from '../app-tools.ts';
import { capLogs } from '../files/cap-logs.ts';
import { bootstrap } from '../postgres/bootstrap.ts';
import { databaseUrl } from '../postgres/connect.ts';
import { isComplete } from '../postgres/server.ts';
import { createRecords } from '../process/records.ts';
import type { Step } from '../progress.ts';
import { createQuotas, type Quotas } from '../quota/quotas.ts';
import type { Credentials } from '../state/files.ts';
import type { Ground } from './boot.ts';
import { QUIT_NOW } from './edge.ts';
import { createMembers } from './members.ts';
import type { Service, Supervision } from './service.ts';
import { statusOf } from './status.ts';
import { forgetOtherReplicas, type StoreServices } from './stores.ts';

/** Milliseconds that the edge has for itself when everything ends. */
const EDGE_HEAD_START = 2000;

/** The processes of a cluster, and what can be done to them. */
export interface Supervisor {
  url: string;
  /** Starts everything, in as little order as possible. @throws ClusterError; what runs by then has to be stopped. */
  start(step: Step, signal: AbortSignal): Promise<void>;
  status(): ClusterStatus;
  scale(service: Scalable, count: number, progress: Progress): Promise<void>;
  /** Ends all API replicas at once, and starts them with these settings over their own. */
  renew(settings: Readonly<Record<string, string>>): Promise<void>;
  /** Has the edge send to the first so many API replicas alone; undefined: to all. */
  serve(count: number | undefined): Promise<void>;
  drain(name: string, progress: Progress): Promise<void>;
  kill(name: string): void;
  stopService(name: string): Promise<void>;
  startService(name: string): Promise<void>;
  /** How much CPU who may use, and has used. */
  quotas: Pick<Quotas, 'set' | 'usage'>;
  reloadEdge(): Promise<void>;
  /** @throws ClusterError when the edge can't do it; it goes on as before. */
  balance(by: string | undefined, weights: readonly number[] | undefined): Promise<void>;
  maxConns(count: number | undefined): Promise<void>;
  rotateKeys(progress: Progress): Promise<void>;
  /** Drains and ends everything: nobody is sent to what ends next. Never throws. */
  stop(progress: Progress): Promise<void>;
  /** Ends everything at once, and leaves it to Postgres's log to put things right. */
  stopNow(): Promise<void>;
}

/** @param note says something that a person should find in the supervisor's log. */
export function createSupervisor(ground: Ground, note: Progress): Supervisor {
  const { place, options } = ground;
  const closing = new AbortController();
  const supervision: Supervision = {
    records: createRecords(place.records),
    closing: closing.signal,
    changed: (service, line) => {
      if (service.state === 'starting') quotas.forget(service);
      if (service.state === 'ready') quotas.apply(service);
      if (line !== undefined) note(line);
    },
  };
  const members = createMembers(ground, note, supervision);
  const { edge, api, workers, sandbox, stores, storeList, everything } = members;
  const quotas = createQuotas(place.id, everything, note);
  return {
    url: edge.url,
    quotas,
    async start(step, signal) {
      api.declare(options.api);
      const up = (service: Service) => step(`starting ${service.name}`, () => service.start());
      await Promise.all([
        up(edge.service),
        up(stores.cache),
        up(stores.state),
        startDatabase(ground, stores, step, signal),
        makeKeys(place, step, signal),
      ]);
      signal.throwIfAborted();
      await Promise.all([
        step(`starting ${options.api} API replicas`, () => api.start(() => undefined)),
        step(`starting ${options.workers === 1 ? 'the worker' : `${options.workers} workers`}`, () =>
          workers.scale(options.workers, () => undefined),
        ),
        up(sandbox),
      ]);
      api.watch(closing.signal);
      workers.watch(closing.signal);
      capLogs(place.logs, closing.signal);
      void stores.watchReplication(closing.signal);
    },
    status: () => statusOf(ground, members),
    scale: (service, count, progress) => (service === 'api' ? api : workers).scale(count, progress),
    renew: (settings) => api.renew(settings),
    serve: (count) => api.serve(count),
    drain: (name, progress) => (name.startsWith('worker-') ? workers : api).drain(name, progress),
    kill: (name) => find(name, everything()).kill(),
    stopService: (name) => find(name, [sandbox, ...storeList]).stop(),
    startService: (name) => find(name, [sandbox, ...storeList]).start(),
    reloadEdge: () => edge.reload(),
    balance: (by, weights) => edge.balance(by, weights),
    maxConns: (count) => edge.maxConns(count),
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
      await workers.stop();
      await sandbox.stop();
      progress('the workers have finished what they did, and ended');
      await Promise.all(storeList.filter((service) => service !== stores.primary).map((service) => service.stop()));
      await stores.primary.stop();
      quotas.clear();
      progress('the stores have ended');
    },
    async stopNow() {
      closing.abort();
      const quit = [{ signal: 'SIGQUIT', wait: 2000 }] as const;
      const postgres = new Set([stores.primary, ...stores.replicas]);
      await Promise.all(everything().map((service) => service.stop(postgres.has(service) ? quit : [])));
    },
  };
}

/** Primary, roles, schema and rows one after the other; the replicas beside the last two. */
async function startDatabase(
  { stores, secrets, credentials }: Ground,
  services: StoreServices,
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
