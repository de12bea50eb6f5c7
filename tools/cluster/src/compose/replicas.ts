import { setTimeout as wait } from 'node:timers/promises';
import type { Progress, Scalable } from '../cluster.ts';
import { ClusterError } from '../errors.ts';
import { type Container, containersOf } from './containers.ts';
import { compose, docker, type Project } from './docker.ts';
import { boundTo } from './quota.ts';
import { urlOf } from './status.ts';

/** Milliseconds that a container has to become ready: it boots in two or three seconds, slower where ten do at once. */
const PATIENCE = 90_000;
/** Milliseconds between two looks. */
const EVERY = 250;

/** More or fewer of a service's containers; resolves when new ones get requests, and those that left have ended. */
export async function scale(project: Project, service: Scalable, count: number, progress: Progress): Promise<void> {
  const before = await containersOf(project);
  checkCount(service, count, before);
  await setCount(project, service, count);
  const old = new Set(before.map(({ id }) => id));
  const fresh = replicasOf(await containersOf(project), service).filter(({ id }) => !old.has(id));
  await untilReady(project, fresh);
  if (service === 'api') await untilServed(project, fresh);
  const shares = new Set(replicasOf(before, service).map(({ share }) => share));
  const [share] = shares;
  // Who had a quota together shares it with those who come.
  if (shares.size === 1 && share !== undefined) await Promise.all(fresh.map((container) => boundTo(container, share)));
  progress(service === 'api' ? `the edge sends to ${count} replicas` : `${count} workers work`);
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
  await untilReady(project, [replica]);
  if (replica.service === 'api') await untilServed(project, [replica]);
  progress(`a fresh ${name} serves`);
}

/** Sets how many containers a service has, and touches nothing else. */
export async function setCount(project: Project, service: string, count: number): Promise<void> {
  const only = ['--detach', '--no-deps', '--no-recreate', '--no-build'];
  await compose(project, 'up', ...only, '--timeout', '20', '--scale', `${service}=${count}`, service);
}

/** @throws ClusterError when one of them is not ready in time, with what it said last. */
export async function untilReady(project: Project, wanted: readonly Container[]): Promise<void> {
  const ids = new Set(wanted.map(({ id }) => id));
  const late = async () => (await containersOf(project)).filter(({ id, state }) => ids.has(id) && state !== 'ready');
  const deadline = performance.now() + PATIENCE;
  for (let [first] = await late(); first; [first] = await late()) {
    if (performance.now() > deadline) {
      const words = await docker(['logs', '--tail', '1', first.id]).catch(() => '');
      throw new ClusterError(`${first.name} was not ready after ${PATIENCE / 1000} s (${first.state}): ${words.trim()}`);
    }
    await wait(EVERY);
  }
}

/** @throws ClusterError when the edge does not send to one of them. */
export async function untilServed(project: Project, wanted: readonly Container[]): Promise<void> {
  const [edge] = replicasOf(await containersOf(project), 'edge');
  if (!edge) return;
  const missing = new Set(wanted.map(({ name }) => name));
  const deadline = performance.now() + PATIENCE;
  while (missing.size > 0) {
    if (performance.now() > deadline) throw new ClusterError(`The edge does not send to ${[...missing].join(', ')}.`);
    const answers = await Promise.all(Array.from({ length: 10 }, () => servedBy(`${urlOf(edge)}/health`)));
    for (const name of answers) missing.delete(name);
  }
}

async function servedBy(url: string): Promise<string> {
  const response = await fetch(url).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.headers.get('x-served-by') ?? '';
}

export function replicasOf(containers: readonly Container[], service: string): Container[] {
  return containers.filter((one) => one.service === service);
}

/** @throws ClusterError that says which bound it would pass. */
export function checkCount(service: Scalable, count: number, containers: readonly Container[]): void {
  if (count < 1) throw new ClusterError('At least one has to stay: `stop` ends the cluster.');
  const variable = service === 'api' ? 'API_MAX_REPLICAS' : 'WORKER_MAX_REPLICAS';
  const max = Number(replicasOf(containers, service)[0]?.env.get(variable) ?? Infinity);
  if (count > max) {
    throw new ClusterError(
      `${count} are more than ${variable}=${max}, which the database's connections are budgeted for: start with a higher ${variable}, and mind max_connections.`,
    );
  }
}
