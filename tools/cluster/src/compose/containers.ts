import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { ClusterError } from '../errors.ts';
import type { State } from '../status.ts';
import { docker, type Project } from './docker.ts';

/** What `docker inspect` says, as far as it is used here. */
const Inspected = Type.Object({
  Id: Type.String(),
  Image: Type.String(),
  RestartCount: Type.Integer(),
  State: Type.Object({
    Status: Type.String(),
    Pid: Type.Integer(),
    ExitCode: Type.Integer(),
    Health: Type.Optional(Type.Object({ Status: Type.String() })),
  }),
  Mounts: Type.Array(Type.Object({ Name: Type.Optional(Type.String()) })),
  HostConfig: Type.Object({ CpuPeriod: Type.Integer(), CpuQuota: Type.Integer(), CpuShares: Type.Integer() }),
  Config: Type.Object({ Image: Type.String(), Env: Type.Array(Type.String()), Labels: Type.Record(Type.String(), Type.String()) }),
  NetworkSettings: Type.Object({
    Ports: Type.Record(
      Type.String(),
      Type.Union([Type.Array(Type.Object({ HostIp: Type.String(), HostPort: Type.String() })), Type.Null()]),
    ),
    Networks: Type.Record(Type.String(), Type.Object({ IPAddress: Type.String() })),
  }),
});

export interface Container {
  id: string;
  /** As Compose numbers them: `api-3`. */
  name: string;
  service: string;
  number: number;
  state: State;
  pid: number | null;
  address: string;
  /** Their full names. */
  networks: string[];
  /** Its image's id, and the name under which its service finds it. */
  image: { id: string; name: string };
  /** The share of a core that it may use. */
  share: number | undefined;
  /** What it weighs where CPU is short; 0 is Docker's default. */
  weight: number;
  env: ReadonlyMap<string, string>;
  /** Its ports that this machine has too. */
  published: { inside: number; host: string; port: number }[];
  exitCode: number;
  /** Volumes that nobody named: its own. */
  volumes: string[];
  /** How often it ended by itself and was started again. */
  restarts: number;
}

/** Every container of a project that belongs to a service and isn't one of `docker compose run`. */
export async function containersOf({ name }: Project): Promise<Container[]> {
  const filters = ['--filter', `label=com.docker.compose.project=${name}`, '--filter', 'label=com.docker.compose.oneoff=False'];
  const ids = (await docker(['ps', '--all', '--quiet', '--no-trunc', ...filters])).split('\n').filter(Boolean);
  if (ids.length === 0) throw new ClusterError(`No containers of the project ${name}: \`docker compose up\` starts them.`);
  return containersWith(ids);
}

/** Those of these containers that there still are. */
export async function containersWith(ids: readonly string[]): Promise<Container[]> {
  const inspected = Value.Parse(Type.Array(Inspected), await inspect(ids));
  return inspected.map(containerOf).toSorted((a, b) => a.service.localeCompare(b.service) || a.number - b.number);
}

/**
 * In one process: each costs 45 ms of CPU, and who waits for replicas looks often. Docker's answer is a failure when one of them
 * has gone away in between: then they are asked for one by one, and the others are answered for.
 */
async function inspect(ids: readonly string[]): Promise<unknown[]> {
  if (ids.length === 0) return [];
  try {
    return JSON.parse(await docker(['inspect', ...ids]));
  } catch {
    const each = await Promise.all(ids.map((id) => docker(['inspect', id]).catch(() => '[]')));
    return each.flatMap((text) => JSON.parse(text));
  }
}

/** @throws ClusterError that lists the names there are. */
export async function containerNamed(project: Project, name: string): Promise<Container> {
  const all = await containersOf(project);
  const found = all.find((one) => one.name === name || (one.service === name && one.number === 1));
  if (!found) throw new ClusterError(`There is no container ${name}; there are ${all.map((one) => one.name).join(', ')}.`);
  return found;
}

function containerOf({
  Id,
  Image,
  RestartCount,
  State: state,
  Mounts,
  HostConfig,
  Config,
  NetworkSettings,
}: Static<typeof Inspected>): Container {
  const service = Config.Labels['com.docker.compose.service'] ?? '';
  const number = Number(Config.Labels['com.docker.compose.container-number'] ?? 1);
  const { Ports, Networks } = NetworkSettings;
  return {
    id: Id,
    name: `${service}-${number}`,
    service,
    number,
    state: stateOf(state.Status, state.Health?.Status),
    pid: state.Pid > 0 ? state.Pid : null,
    address: Object.values(Networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress ?? '',
    networks: Object.keys(Networks),
    image: { id: Image, name: Config.Image },
    share: HostConfig.CpuQuota > 0 ? HostConfig.CpuQuota / HostConfig.CpuPeriod : undefined,
    weight: HostConfig.CpuShares,
    env: new Map(
      Config.Env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] satisfies [string, string]),
    ),
    published: Object.entries(Ports).flatMap(([inside, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => ({ inside: Number.parseInt(inside, 10), host: HostIp, port: Number(HostPort) })),
    ),
    exitCode: state.ExitCode,
    volumes: Mounts.map(({ Name = '' }) => Name).filter((volume) => /^[0-9a-f]{64}$/.test(volume)),
    restarts: RestartCount,
  };
}

function stateOf(status: string, health: string | undefined): State {
  if (status === 'running') return health === 'starting' ? 'starting' : health === 'unhealthy' ? 'unready' : 'ready';
  if (status === 'created') return 'starting';
  if (status === 'paused') return 'silent';
  if (status === 'restarting') return 'restarting';
  if (status === 'removing') return 'draining';
  return 'stopped';
}

export function replicasOf(containers: readonly Container[], service: string): Container[] {
  return containers.filter((one) => one.service === service);
}

export const idsOf = (containers: readonly Container[]) => containers.map(({ id }) => id);
