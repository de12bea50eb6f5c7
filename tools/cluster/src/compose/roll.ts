import type { Progress } from '../cluster.ts';
import { ClusterError } from '../errors.ts';
import { type Container, containersOf, replicasOf } from './containers.ts';
import { docker, type Project } from './docker.ts';
import { add, checkCount } from './replicas.ts';

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
  const before = replicasOf(await containersOf(project), 'api');
  const fresh = await add(project, 'api', before.length + 1, old.share).catch(async (error: unknown) => {
    const known = new Set(before.map(({ id }) => id));
    const failed = replicasOf(await containersOf(project), 'api').filter(({ id }) => !known.has(id));
    await Promise.all(failed.map(({ id }) => docker(['rm', '--force', id])));
    throw error;
  });
  const [one] = fresh;
  if (!one) throw new ClusterError('No new container of api was made.');
  await docker(['stop', '--time', '20', old.id]);
  await docker(['rm', old.id]);
  progress(`${one.name} serves, ${old.name} has drained and ended`);
  return one;
}
