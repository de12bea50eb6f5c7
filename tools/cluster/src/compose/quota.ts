import { ClusterError } from '../errors.ts';
import type { Container } from './containers.ts';
import { docker } from './docker.ts';

/** Microseconds: short, so that a replica that used its share up waits for 50 ms at most. */
const PERIOD = 50_000;
/** The least that the kernel takes: 1 ms. */
const LEAST = 1000;

/** Docker's own weight, and one that takes next to nothing from those who have that, and all that they leave. */
export const SERVING = 1024;
export const BOOTING = 64;

/** How much of the CPU a container gets where there isn't enough for all. */
export async function weigh({ id }: Container, weight: number): Promise<void> {
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
  const quota = share === undefined ? -1 : Math.max(LEAST, Math.round(share * PERIOD));
  await docker(['update', '--cpu-period', String(PERIOD), '--cpu-quota', String(quota), id]);
}
