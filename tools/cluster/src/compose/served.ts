import http from 'node:http';
import https from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { checkServed } from '../check-served.ts';
import { ClusterError } from '../errors.ts';
import { type Container, containersOf, containersWith, idsOf, replicasOf } from './containers.ts';
import { docker, type Project } from './docker.ts';
import { urlOf } from './status.ts';

/** Milliseconds that the edge has to send to a replica, on a machine that has no CPU to spare. */
const PATIENCE = 90_000;
/** Milliseconds after which the edge has asked again who there is. */
const FORGOTTEN = 2000;
/** Milliseconds between two times that the edge is asked who answers. */
const ASKED_EVERY = 100;

/** Has the edge send to the first replicas alone. @param count all of them when undefined. */
export async function serve(project: Project, count: number | undefined): Promise<void> {
  const replicas = replicasOf(await containersOf(project), 'api');
  checkServed(count, replicas.length);
  const chosen = replicas.slice(0, count);
  await hide(project, replicas.slice(chosen.length));
  await show(project, chosen);
  await wait(FORGOTTEN);
  await untilServed(project, chosen);
}

/** In that network the edge finds replicas, by one name. */
const frontOf = ({ name }: Project) => `${name}_front`;

export const isShown = (project: Project, { networks }: Pick<Container, 'networks'>) => networks.includes(frontOf(project));

/** Takes replicas out of the edge's network; they have their other one left. */
export async function hide(project: Project, replicas: readonly Container[]): Promise<void> {
  const shown = (await containersWith(idsOf(replicas))).filter((one) => isShown(project, one));
  for (const { id } of shown) await docker(['network', 'disconnect', frontOf(project), id]);
}

export async function show(project: Project, replicas: readonly Container[]): Promise<void> {
  const hidden = (await containersWith(idsOf(replicas))).filter((one) => !isShown(project, one));
  for (const { id } of hidden) await docker(['network', 'connect', '--alias', 'api', frontOf(project), id]);
}

/** @throws ClusterError when the edge does not send to one of them. */
export async function untilServed(project: Project, wanted: readonly Container[]): Promise<void> {
  const [edge] = replicasOf(await containersOf(project), 'edge');
  if (!edge) return;
  const missing = new Set(wanted.map(({ name }) => name));
  const deadline = performance.now() + PATIENCE;
  const url = `${await urlOf(edge)}/health`;
  while (missing.size > 0) {
    if (performance.now() > deadline) throw new ClusterError(`The edge does not send to ${[...missing].join(', ')}.`);
    const answers = await Promise.all(Array.from({ length: 10 }, () => servedBy(url)));
    for (const name of answers) missing.delete(name);
    if (missing.size > 0) await wait(ASKED_EVERY);
  }
}

/** Whose certificate it is doesn't matter here: nothing is told to whoever answers, and nothing but a name is taken. */
function servedBy(url: string): Promise<string> {
  return new Promise((resolve) => {
    const request = url.startsWith('https:') ? https.request : http.request;
    const outgoing = request(url, { rejectUnauthorized: false, timeout: 5000 }, (response) => {
      response.resume();
      response.on('close', () => resolve(String(response.headers['x-served-by'] ?? '')));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(''));
    outgoing.end();
  });
}
