import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ClusterError } from '../errors.ts';
import { bandwidth, PERIOD } from '../local/cgroup.ts';
import type { Container } from './containers.ts';
import { compose, docker, type Project } from './docker.ts';

/** The weight of who starts: next to nothing of what the others want, and all that they leave. */
export const BOOTING = 64;
/** Docker's own. */
const USUAL = 1024;

const Services = Type.Object({ services: Type.Record(Type.String(), Type.Object({ cpu_shares: Type.Optional(Type.Integer()) })) });

/** Has containers start with the CPU that the others leave. @returns what gives each of them the weight of its service. */
export async function startBehind(project: Project, containers: readonly Container[]): Promise<() => Promise<void>> {
  const { services } = Value.Parse(Services, JSON.parse(await compose(project, 'config', '--format', 'json')));
  // One that has ended can't be weighed: who waits for its being ready tells why it ended.
  const all = (weightOf: (one: Container) => number) => Promise.allSettled(containers.map((one) => weigh(one, weightOf(one))));
  await all(() => BOOTING);
  return async () => void (await all(({ service }) => services[service]?.cpu_shares ?? USUAL));
}

async function weigh({ id }: Container, weight: number): Promise<void> {
  await docker(['update', '--cpu-shares', String(weight), id]);
}

/** @param name of a container, or of a service for all of its containers. */
export async function setQuota(containers: readonly Container[], name: string, share: number | undefined): Promise<void> {
  const bound = containers.filter((one) => one.name === name || one.service === name);
  if (bound.length === 0)
    throw new ClusterError(`There is no container ${name}; there are ${containers.map((one) => one.name).join(', ')}.`);
  await Promise.all(bound.map((container) => boundTo(container, share)));
}

export async function boundTo({ id }: Container, share: number | undefined): Promise<void> {
  const { quota, period } = share === undefined ? { quota: -1, period: PERIOD } : bandwidth(share);
  await docker(['update', '--cpu-period', String(period), '--cpu-quota', String(quota), id]);
}
