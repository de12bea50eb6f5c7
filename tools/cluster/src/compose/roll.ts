import type { Progress } from '../cluster.ts';
import { ClusterError } from '../errors.ts';
import { type Container, containersOf } from './containers.ts';
import { docker, type Project } from './docker.ts';
import { boundTo } from './quota.ts';
import { checkCount, replicasOf, setCount, untilReady, untilServed } from './replicas.ts';

/**
 * Replaces every container of a service by one of the image that its name stands for now, one after the other: a new one is
 * ready and served before an old one drains. When a new one never gets ready, those already replaced go back to the old image.
 */
export async function roll(project: Project, service: 'api', progress: Progress): Promise<void> {
  const all = await containersOf(project);
  const old = replicasOf(all, service);
  const [first] = old;
  if (!first) throw new ClusterError(`The service ${service} has no container.`);
  checkCount(service, old.length + 1, all);
  const replaced: Container[] = [];
  try {
    for (const container of old) replaced.push(await replace(project, container, progress));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await docker(['tag', first.image.id, first.image.name]);
    for (const container of replaced) await replace(project, container, progress);
    throw new ClusterError(`${reason}\nNothing has changed: ${first.image.name} is the image that it was, and so are the replicas.`);
  }
}

async function replace(project: Project, old: Container, progress: Progress): Promise<Container> {
  const fresh = await addOne(project, old.service);
  try {
    await untilReady(project, [fresh]);
    if (old.share !== undefined) await boundTo(fresh, old.share);
    await untilServed(project, [fresh]);
  } catch (error) {
    await docker(['rm', '--force', fresh.id]);
    throw error;
  }
  await docker(['stop', '--time', '20', old.id]);
  await docker(['rm', old.id]);
  progress(`${fresh.name} serves, ${old.name} has drained and ended`);
  return fresh;
}

async function addOne(project: Project, service: string): Promise<Container> {
  const before = replicasOf(await containersOf(project), service);
  await setCount(project, service, before.length + 1);
  const ids = new Set(before.map(({ id }) => id));
  const fresh = replicasOf(await containersOf(project), service).find(({ id }) => !ids.has(id));
  if (!fresh) throw new ClusterError(`No new container of ${service} was made.`);
  return fresh;
}
