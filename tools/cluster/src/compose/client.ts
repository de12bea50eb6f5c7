import type { Cluster, Progress } from '../cluster.ts';
import { composeProject } from '../config.ts';
import { ClusterError } from '../errors.ts';
import { type Container, containerNamed, containersOf } from './containers.ts';
import { compose, docker, dockerLines, type Project } from './docker.ts';
import { isPrimary } from './postgres.ts';
import { promote } from './promote.ts';
import { setQuota } from './quota.ts';
import { drain, renew, scale } from './replicas.ts';
import { roll } from './roll.ts';
import { serve } from './served.ts';
import { statusOf } from './status.ts';
import { createUsage } from './usage.ts';

/** What may be shut down to see what the others do without it. */
const STOPPABLE: ReadonlySet<string> = new Set(['postgres', 'postgres-replica', 'redis-cache', 'redis-state', 'payment-sandbox']);

/** The Compose project of this checkout, through the docker command. Nothing is asked of it yet. */
export function composeCluster(project: Project = { name: composeProject() }): Cluster {
  const usage = createUsage(() => containersOf(project));
  return {
    status: async () => statusOf(await containersOf(project)),
    async scale(service, count, progress) {
      await scale(project, service, count, progress);
      usage.forget();
    },
    async renew(settings) {
      await renew(project, settings);
      usage.forget();
    },
    async kill(name) {
      await crash(await containerNamed(project, name));
      usage.forget();
    },
    drain: (name, progress) => drain(project, name, progress),
    async stopService(name, progress) {
      await docker(['stop', (await stoppable(project, name)).id]);
      progress(`${name} has ended`);
    },
    async startService(name, progress) {
      const { id } = await stoppable(project, name);
      await docker(['start', id]);
      progress(`${name} starts`);
    },
    async quota(name, share) {
      await setQuota(await containersOf(project), name, share);
      usage.forget();
    },
    usage: () => usage.read(),
    async balance(by, weights) {
      if (weights) throw new ClusterError('Weights are for the local cluster: to this edge all replicas are one name.');
      await setEdge(project, '35-balance.sh', { EDGE_BALANCE: by });
    },
    maxConns: (count) => setEdge(project, '36-max-conns.sh', { EDGE_MAX_CONNS_BROWSE: count?.toString() }),
    serve: (count) => serve(project, count),
    reloadEdge: () => reloadEdge(project),
    rotateKeys: (progress) => rotateKeys(project, progress),
    roll: (service, progress) => roll(project, service, progress),
    promote: (progress) => promote(project, progress),
    stop: (progress) => stop(project, progress),
    logs: (name, options) => logs(project, name, options),
    credentials: async () => JSON.parse(await inSecrets(project, 'cat', '/secrets/accounts/credentials.json')),
  };
}

/** Has one of the edge's scripts write its part of the configuration anew; a variable without a value is as the container was started with. */
async function setEdge(project: Project, script: string, variables: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { id } = await containerNamed(project, 'edge');
  const given = Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : ['--env', `${name}=${value}`]));
  await docker(['exec', ...given, id, `/docker-entrypoint.d/${script}`]);
  await reloadEdge(project);
}

async function reloadEdge(project: Project): Promise<void> {
  const { id } = await containerNamed(project, 'edge');
  await docker(['exec', id, 'nginx', '-c', '/run/edge/nginx.conf', '-s', 'reload']);
}

/**
 * From inside, everybody but PID 1, which then ends with its child: that is a crash to the engine, which starts the
 * container again. After `docker kill` it would not.
 */
async function crash({ id, name, state }: Container): Promise<void> {
  if (state === 'stopped') throw new ClusterError(`${name} does not run.`);
  // The shell that does it is among those who are killed.
  await docker(['exec', id, 'bash', '-c', 'kill -9 -1']).catch(() => undefined);
}

async function stoppable(project: Project, name: string): Promise<Container> {
  const found = await containerNamed(project, name);
  if (!STOPPABLE.has(found.service)) throw new ClusterError(`stop and start know ${[...STOPPABLE].join(', ')}, not ${name}.`);
  return found;
}

/** Compose would leave what the database replicas copied. One that was promoted has the original: that stays. */
async function stop(project: Project, progress: Progress): Promise<void> {
  const replicas = (await containersOf(project)).filter(({ service }) => service === 'postgres-replica');
  const roles = await Promise.all(replicas.map(isPrimary));
  const copies = replicas.filter((_, index) => !roles[index]).flatMap(({ volumes }) => volumes);
  await compose(project, 'down', '--timeout', '20');
  if (copies.length > 0) await docker(['volume', 'rm', '--force', ...copies]);
  progress('everything has ended; the data stay until `docker compose down --volumes`');
}

async function rotateKeys(project: Project, progress: Progress): Promise<void> {
  const words = await inSecrets(project, 'node', 'packages/auth/src/rotate-keys/main.ts');
  for (const line of words.split('\n').filter(Boolean)) progress(line);
}

/** Nothing that runs has all the secrets: whoever wants one starts a container that may read it. */
function inSecrets(project: Project, ...command: string[]): Promise<string> {
  return compose(project, 'run', '--rm', '--no-deps', '--no-TTY', 'secrets', ...command);
}

async function* logs(project: Project, name: string, { lines, follow, signal }: Parameters<Cluster['logs']>[1]): AsyncIterable<string> {
  const { id } = await containerNamed(project, name);
  yield* dockerLines(['logs', '--tail', String(lines), ...(follow ? ['--follow'] : []), id], signal);
}
