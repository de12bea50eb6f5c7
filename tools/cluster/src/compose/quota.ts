import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ClusterError } from '../errors.ts';
import { type Container, containersOf } from './containers.ts';
import { compose, docker, type Project } from './docker.ts';
import { weighContainers } from './engine-group.ts';
import { MOST_SHARES } from '../local/cgroup.ts';

/** Microseconds, as in the local cluster: a small share is more than a scheduler tick at a time (decision 0060). */
const PERIOD = 100_000;
/** The least that the kernel takes: 1 ms. */
const LEAST = 1000;

/** The weight of who starts: next to nothing of what the others want, and all that they leave. */
export const BOOTING = 64;
/** Docker's own. */
const USUAL = 1024;

const Services = Type.Object({ services: Type.Record(Type.String(), Type.Object({ cpu_shares: Type.Optional(Type.Integer()) })) });

/** Has containers start with the CPU that the others leave. @returns what gives each of them the weight of its service. */
export async function startBehind(project: Project, containers: readonly Container[]): Promise<() => Promise<void>> {
  const usual = await usualWeights(project);
  // One that has ended can't be weighed: who waits for its being ready tells why it ended.
  const all = (weightOf: (one: Container) => number) =>
    Promise.allSettled(containers.map((one) => docker(['update', '--cpu-shares', String(weightOf(one)), one.id])));
  await all(() => BOOTING);
  return async () => void (await all(usual));
}

/** What a container weighs by docker-compose.yml. */
async function usualWeights(project: Project): Promise<(one: Container) => number> {
  const { services } = Value.Parse(Services, JSON.parse(await compose(project, 'config', '--format', 'json')));
  return ({ service }) => services[service]?.cpu_shares ?? USUAL;
}

/** @param name of a container, or of a service for all of its containers. */
export async function setQuota(project: Project, name: string, share: number | undefined): Promise<void> {
  const containers = await containersOf(project);
  const bound = containers.filter((one) => one.name === name || one.service === name);
  if (bound.length === 0)
    throw new ClusterError(`There is no container ${name}; there are ${containers.map((one) => one.name).join(', ')}.`);
  if (share === undefined) {
    const usual = await usualWeights(project);
    await Promise.all(bound.map((one) => update(one, -1, usual(one))));
  } else await Promise.all(bound.map((one) => boundTo(one, share)));
  const quotas = containers.some((one) => (bound.includes(one) ? share : one.share) !== undefined);
  const running = containers.find(({ pid }) => pid !== null);
  if (running?.pid) weighContainers(running.pid, quotas);
}

/** Beside its quota a container gets the largest weight: a quota is to be had whatever else runs (decision 0060). */
export async function boundTo(container: Container, share: number): Promise<void> {
  await update(container, Math.max(LEAST, Math.round(share * PERIOD)), Number(MOST_SHARES));
}

async function update({ id }: Container, quota: number, weight: number): Promise<void> {
  await docker(['update', '--cpu-period', String(PERIOD), '--cpu-quota', String(quota), '--cpu-shares', String(weight), id]);
}
