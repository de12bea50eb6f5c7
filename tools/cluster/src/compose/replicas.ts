import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Progress, ScalableInContainers } from '../cluster.ts';
import { ClusterError } from '../errors.ts';
import { orGoBack } from '../or-go-back.ts';
import { type Container, containersOf, containersWith, idsOf, replicasOf } from './containers.ts';
import { compose, docker, dockerLines, type Project } from './docker.ts';
import { isPrimary } from './postgres.ts';
import { boundTo, BOOTING, startBehind } from './quota.ts';
import { hide, isShown, show, untilServed } from './served.ts';

/** Milliseconds that a container has to become ready: it boots in two or three seconds, slower where ten do at once. */
const PATIENCE = 90_000;
/** A container that was started again this often is not going to be ready. */
const TOO_OFTEN = 3;
/** Containers that boot at the same time. */
const AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2));
/** Milliseconds between two that leave. */
const APART = 1000;
/** Milliseconds between two looks. */
const EVERY = 500;

/** More or fewer of a service's containers; resolves when new ones get requests, and those that left have ended. */
export async function scale(project: Project, service: ScalableInContainers, count: number, progress: Progress): Promise<void> {
  const before = await containersOf(project);
  checkCount(service, count, before);
  const present = replicasOf(before, service);
  const left = await leaving(service, present, present.length - count);
  await remove(left, progress);
  const staying = present.filter((one) => !left.includes(one));
  // Who had a quota together shares it with those who come.
  const [first, ...others] = new Set(present.map((one) => one.share));
  const share = others.length === 0 ? first : undefined;
  await boot(project, staying.filter(isAway(project)), share);
  for (let next = staying.length; next < count;) {
    next = Math.min(count, next + AT_ONCE);
    await add(project, service, next, share);
  }
  progress(
    { api: `the edge sends to ${count} replicas`, worker: `${count} workers work`, 'postgres-replica': `${count} replicas stream` }[
      service
    ],
  );
}

/** Who doesn't work, or not as it should: it has ended, or its start failed or was interrupted. */
const isAway = (project: Project) => (one: Container) =>
  one.state !== 'ready' || one.weight === BOOTING || (one.service === 'api' && !isShown(project, one));

/** Adds containers until a service has so many. @returns the new ones, ready and served. */
export async function add(project: Project, service: ScalableInContainers, count: number, share: number | undefined): Promise<Container[]> {
  const old = new Set(replicasOf(await containersOf(project), service).map(({ id }) => id));
  await create(project, service, count);
  const fresh = replicasOf(await containersOf(project), service).filter(({ id }) => !old.has(id));
  await boot(project, fresh, share);
  return fresh;
}

/**
 * Starts containers. Until they are ready they get what the others leave of the CPU, and API replicas no requests: the edge, which
 * finds them by name, knows nothing of their health. Resolves when they get some.
 */
async function boot(project: Project, fresh: readonly Container[], share: number | undefined): Promise<void> {
  if (fresh.length === 0) return;
  const replicas = replicasOf(fresh, 'api');
  await hide(project, replicas);
  const catchUp = await startBehind(project, fresh);
  try {
    await docker(['start', ...idsOf(fresh)]);
    await untilReady(fresh);
  } finally {
    await catchUp();
  }
  await show(project, replicas);
  if (share !== undefined) await Promise.all(fresh.map((container) => boundTo(container, share)));
  if (replicas.length > 0) await untilServed(project, replicas);
}

/** The last ones; of the databases, no one that was promoted. */
async function leaving(service: ScalableInContainers, present: readonly Container[], count: number): Promise<Container[]> {
  if (count <= 0) return [];
  if (service !== 'postgres-replica') return present.slice(-count);
  const roles = await Promise.all(present.map(isPrimary));
  return present.filter((_, index) => !roles[index]).slice(-count);
}

/**
 * With what they copied: Compose would leave the volumes of database replicas behind. One begins a second after the other, since
 * what the engine does when many end at once takes the CPU of those who stay.
 */
async function remove(containers: readonly Container[], progress: Progress): Promise<void> {
  const removed = containers.map(async ({ id, name }, index) => {
    await wait(index * APART);
    await docker(['stop', '--time', '30', id]);
    await docker(['rm', '--volumes', id]);
    progress(`${name} has ended and is gone`);
  });
  await Promise.all(removed);
}

/** A fresh process in the place of one that serves on until nobody sends to it. */
export async function drain(project: Project, name: string, progress: Progress): Promise<void> {
  const all = await containersOf(project);
  const drainable = [...replicasOf(all, 'api'), ...replicasOf(all, 'worker')];
  const replica = drainable.find((one) => one.name === name);
  if (!replica) throw new ClusterError(`There is no ${name} to drain; there are ${drainable.map((one) => one.name).join(', ')}.`);
  const serving = replicasOf(all, 'api').filter(({ state }) => state === 'ready');
  if (serving.length === 1 && serving[0]?.id === replica.id) {
    throw new ClusterError(`${name} is the only replica that serves: \`scale api=2\` first.`);
  }
  await docker(['restart', '--time', '20', replica.id]);
  progress(`${name} has drained and started again`);
  await untilReady([replica]);
  if (replica.service === 'api') await untilServed(project, [replica]);
  progress(`a fresh ${name} serves`);
}

/**
 * Containers can't get other settings: they are made anew, with those that docker-compose.yml has a variable for. When they never
 * get ready, ones with the values of before take their place.
 */
export async function renew(project: Project, settings: Readonly<Record<string, string>>): Promise<void> {
  const old = replicasOf(await containersOf(project), 'api');
  const before = Object.keys(settings).map((name): [string, string | undefined] => [name, old[0]?.env.get(name)]);
  const unknown = before.find(([, value]) => value === undefined);
  if (unknown) throw new ClusterError(`docker-compose.yml gives the api no ${unknown[0]}: nothing has changed.`);
  const had = Object.fromEntries(before.map(([name, value = '']) => [name, value]));
  await orGoBack(
    () => recreate(project, settings, old.length),
    () => recreate(project, had, old.length),
  );
}

async function recreate(project: Project, settings: Readonly<Record<string, string>>, count: number): Promise<void> {
  // Nobody is to be waited for.
  await docker(['kill', ...idsOf(replicasOf(await containersOf(project), 'api'))]).catch(() => undefined);
  const only = ['--detach', '--no-deps', '--force-recreate', '--no-build'];
  await compose({ ...project, env: { ...project.env, ...settings } }, 'up', ...only, '--scale', `api=${count}`, 'api');
  const fresh = replicasOf(await containersOf(project), 'api');
  await untilReady(fresh);
  await untilServed(project, fresh);
}

/** Makes containers until a service has so many, starts none of them, and touches nothing else. */
async function create(project: Project, service: string, count: number): Promise<void> {
  const only = ['--no-start', '--no-deps', '--no-recreate', '--no-build'];
  await compose(project, 'up', ...only, '--scale', `${service}=${count}`, service);
}

/** @throws ClusterError when one of them is not ready in time, with what it said last. */
async function untilReady(wanted: readonly Container[]): Promise<void> {
  const ids = idsOf(wanted);
  const late = async () => (await containersWith(ids)).filter(({ state }) => state !== 'ready');
  const deadline = performance.now() + PATIENCE;
  for (let [first] = await late(); first; [first] = await late()) {
    // While it runs once more its exit code is 0: what it ended with is known between two attempts, which lie far apart by now.
    const gone = first.restarts >= TOO_OFTEN && first.state === 'restarting';
    if (gone || performance.now() > deadline) {
      const words = await lastWords(first);
      const what = gone
        ? `ends again and again (exit code ${first.exitCode})`
        : `was not ready after ${PATIENCE / 1000} s (${first.state})`;
      throw new ClusterError(`${first.name} ${what}${words && `: ${words}`}.`);
    }
    await wait(EVERY);
  }
}

/** The last line that a container wrote; what it can't start for, it writes to stderr. */
async function lastWords({ id }: Container): Promise<string> {
  let last = '';
  for await (const line of dockerLines(['logs', '--tail', '1', id])) last = line;
  return last.trim();
}

/** @throws ClusterError that says which bound it would pass. */
export function checkCount(service: ScalableInContainers, count: number, containers: readonly Container[]): void {
  if (count < 1 && service !== 'worker') throw new ClusterError('At least one has to stay: `stop` ends the cluster.');
  if (service === 'postgres-replica') return;
  const variable = service === 'api' ? 'API_MAX_REPLICAS' : 'WORKER_MAX_REPLICAS';
  const max = Number(replicasOf(containers, service)[0]?.env.get(variable) ?? Infinity);
  if (count > max) {
    throw new ClusterError(
      `${count} are more than ${variable}=${max}, which the database's connections are budgeted for: start with a higher ${variable}, and mind max_connections.`,
    );
  }
}
