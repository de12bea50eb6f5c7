import { type ApiStatus, ClusterError, checkServed, orGoBack, type Progress } from '@tenfold/cluster';
import type { EdgeServer } from '@tenfold/nginx';
import { isSettingOf } from '../config.ts';
import { createReplica, type Replica, type ReplicaAddress, startAll, statusOf, STOP_NOW } from './replica.ts';
import { createRouting, type Routing } from './routing.ts';
import type { Service, Supervision } from './service.ts';

/** The same as in infra/docker/Dockerfile: V8 keeps its heap when there is little to do (decision 0063). */
export const HEAP = ['--no-memory-reducer', '--min-semi-space-size=16', '--max-semi-space-size=16', '--initial-old-space-size=128'];
const PROGRAM = [...HEAP, 'apps/api/src/main.ts'];

/** Variables of docs/configuration.md. */
type Settings = Readonly<Record<string, string>>;

export interface ApiOptions {
  /** API_MAX_REPLICAS: the number that the database's connections were budgeted for. */
  max: number;
  address: (number: number) => ReplicaAddress;
  logs: string;
  /** @param settings of the API, over those of the start. */
  env: (replica: ReplicaAddress, settings: Settings) => Record<string, string>;
  /** Makes the edge serve by {@link ApiReplicas.servers}. */
  applyToEdge: () => Promise<void>;
  /** Says something that a person should find in the supervisor's log. */
  note: Progress;
  service: Supervision;
}

export interface ApiReplicas {
  status(): ApiStatus[];
  services(): Service[];
  /** Every replica, for the edge's list. */
  servers(): EdgeServer[];
  /** Says how many there will be, so that the edge has them in its list before they are ready. @throws ClusterError past the maximum. */
  declare(count: number): void;
  /** Starts those that were declared. */
  start(progress: Progress): Promise<void>;
  /** Sets how many there are; resolves when the edge sends to all of them, and those that left have ended. */
  scale(count: number, progress: Progress): Promise<void>;
  /** Ends all at once, and starts them with these settings over their own. @throws ClusterError when they don't start; they have those of before then. */
  renew(settings: Settings): Promise<void>;
  /** Has the edge send to the first so many alone; undefined: to all. @throws ClusterError when there are fewer. */
  serve(count: number | undefined): Promise<void>;
  /** Replaces one by a fresh process. */
  drain(name: string, progress: Progress): Promise<void>;
  /** Tells the edge who serves, and replaces what hangs, until the signal aborts. */
  watch(signal: AbortSignal): void;
  /** Ends all at once; nothing must be sent to them any more. */
  stop(): Promise<void>;
}

export function createApiReplicas(options: ApiOptions): ApiReplicas {
  let replicas: Replica[] = [];
  let settings: Settings = {};
  const env = (replica: ReplicaAddress) => options.env(replica, settings);
  const routing = createRouting({ replicas: () => replicas, applyToEdge: options.applyToEdge, note: options.note });
  const create = (from: number, to: number, held: boolean) =>
    Array.from({ length: to - from }, (_, index) =>
      createReplica(options.address(from + index + 1), { ...options, env, program: PROGRAM, held, changed: () => routing.refresh() }),
    );

  const grow = async (count: number, progress: Progress) => {
    const fresh = create(replicas.length, count, true);
    replicas = [...replicas, ...fresh];
    try {
      await startAll(fresh, progress);
    } catch (error) {
      await Promise.all(fresh.map(({ service }) => service.stop()));
      replicas = replicas.filter((replica) => !fresh.includes(replica));
      throw error;
    }
    await routing.release(fresh);
    progress(`the edge sends to ${count} replicas`);
  };
  const shrink = async (count: number, progress: Progress) => {
    const leaving = replicas.slice(count);
    await routing.hold(leaving);
    progress(`the edge sends to ${count} replicas`);
    await Promise.all(leaving.map(({ service }) => service.stop()));
    replicas = replicas.slice(0, count);
    progress(`${leaving.map(({ name }) => name).join(', ')} drained and ended`);
  };

  const startWith = async (other: Settings) => {
    settings = other;
    await Promise.all(replicas.map(({ service }) => service.stop([])));
    await startAll(replicas, () => undefined);
    await routing.release(replicas.filter(({ held }) => !held));
  };

  return {
    status: () => replicas.map(statusOf),
    services: () => replicas.map(({ service }) => service),
    servers: () => routing.servers(),
    declare(count) {
      checkCount(count, options.max);
      replicas = create(0, count, false);
      routing.assumeAll();
    },
    start: (progress) => startAll(replicas, progress),
    async scale(count, progress) {
      checkCount(count, options.max);
      if (count > replicas.length) await grow(count, progress);
      else if (count < replicas.length) await shrink(count, progress);
      else progress(`there are ${count} replicas already`);
    },
    async renew(other) {
      checkSettings(other);
      const before = settings;
      await orGoBack(
        () => startWith(other),
        () => startWith(before),
      );
    },
    async serve(count) {
      checkServed(count, replicas.length);
      const chosen = replicas.slice(0, count);
      await routing.release(chosen);
      await routing.hold(replicas.slice(chosen.length));
    },
    async drain(name, progress) {
      const replica = replicas.find((one) => one.name === name);
      if (!replica) throw new ClusterError(`There is no replica ${name}; there are ${replicas.map((one) => one.name).join(', ')}.`);
      if (routing.isServing(name) && routing.countServing() === 1) {
        throw new ClusterError(`${name} is the only replica that serves: \`scale api=2\` first.`);
      }
      await replace(replica, routing, progress);
    },
    watch: (signal) => routing.watch(signal),
    async stop() {
      await Promise.all(replicas.map(({ service }) => service.stop(STOP_NOW)));
    },
  };
}

async function replace(replica: Replica, routing: Routing, progress: Progress): Promise<void> {
  const { name, service, held } = replica;
  await routing.hold([replica]);
  progress(`the edge sends no more to ${name}`);
  await service.stop();
  progress(`${name} has drained and ended`);
  try {
    await service.start();
  } finally {
    // One that the edge sent nothing to before (`serve`) gets nothing now.
    if (!held) await routing.release([replica]);
  }
  progress(`a fresh ${name} serves`);
}

function checkSettings(settings: Settings): void {
  const unknown = Object.keys(settings).find((name) => !isSettingOf('api', name));
  if (unknown !== undefined) throw new ClusterError(`${unknown} is no setting of the API that can be changed: nothing has changed.`);
}

function checkCount(count: number, max: number): void {
  if (count < 1) throw new ClusterError('At least one replica has to stay: `stop` ends the cluster.');
  if (count > max) {
    throw new ClusterError(
      `${count} replicas are more than API_MAX_REPLICAS=${max}, which the database's connections are budgeted for: start with a higher API_MAX_REPLICAS, and mind max_connections.`,
    );
  }
}
