import { setTimeout as wait } from 'node:timers/promises';
import { localCluster, type ApiStatus } from '@tenfold/cluster';
import { type Door, signIn, type Subject as ClientsSubject } from '@tenfold/cluster/testing';
import { inject } from 'vitest';
import { until } from '../process/until.ts';
import type { Report } from '../testing/load.ts';
import { receiptsIn } from './receipts.ts';

/** The shared cluster of the run, as a scenario sees it. */
export interface Subject extends ClientsSubject {
  /** Its state directory. */
  directory: string;
}

export function subject(): Subject {
  const { url, directory, credentials } = inject('cluster');
  return { url, directory, cluster: localCluster(directory), credentials, receipts: (orderId) => receiptsIn(directory, orderId) };
}

/** A door a replica, past the edge, in the order of their names. */
export async function doors({ cluster }: Subject): Promise<Door[]> {
  return (await cluster.status()).api.map(({ port }) => `http://127.0.0.1:${port}`);
}

/** A product page or, every third time, a list: what shoppers read. */
export async function productUrls({ url }: Subject): Promise<() => string> {
  const response = await fetch(`${url}/v1/products?limit=100`);
  const body: unknown = await response.json();
  const items: unknown = typeof body === 'object' && body !== null && 'items' in body ? body.items : [];
  const slugs = Array.isArray(items) ? items.map(({ slug }) => String(slug)) : [];
  let turn = 0;
  return () => {
    turn += 1;
    return turn % 3 === 0 ? `${url}/v1/products?limit=20` : `${url}/v1/products/${slugs[turn % slugs.length]}`;
  };
}

export async function replica({ cluster }: Subject, name: string): Promise<ApiStatus & { pid: number }> {
  const found = (await cluster.status()).api.find((one) => one.name === name);
  if (!found || found.pid === null) throw new Error(`${name} does not run`);
  return { ...found, pid: found.pid };
}

/**
 * Milliseconds until a fresh process serves under that name, seen through the edge.
 *
 * @param pid the process that shall be replaced.
 */
export async function servesAgain(target: Subject, name: string, pid: number): Promise<number> {
  const began = performance.now();
  const isFresh = async () => {
    const found = (await target.cluster.status()).api.find((one) => one.name === name);
    return found?.state === 'ready' && found.pid !== pid;
  };
  await until(isFresh, { what: `${name} was not replaced`, within: 45_000, every: 50 });
  const answered = async () => (await fetch(`${target.url}/v1/products?limit=1`)).headers.get('x-served-by') === name;
  await until(answered, { what: `the edge did not send to ${name} again`, within: 10_000, every: 20 });
  return performance.now() - began;
}

interface Dependencies {
  redisCache: string;
  redisState: string;
  /** Database replicas that can be read. */
  readable: number;
}

/** Waits until every API replica, asked past the edge, says that its dependencies are as wanted. */
export async function everyReplicaSays(target: Subject, wanted: (seen: Dependencies) => boolean, what: string): Promise<void> {
  const staff = await signIn(target, target.credentials.staff);
  const { api } = await target.cluster.status();
  const all = async () => (await Promise.all(api.map(({ port }) => dependencies(port, staff)))).every(wanted);
  await until(all, { what, within: 30_000 });
}

async function dependencies(port: number, headers: { authorization: string }): Promise<Dependencies> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/ops/dependencies`, { headers });
  const { redisCache, redisState, database } = Object(await response.json());
  const servers: unknown[] = Array.isArray(database) ? database : [];
  const readable = servers.filter((server) => Object(server).role === 'replica').length;
  return { redisCache: String(redisCache), redisState: String(redisState), readable };
}

/** Puts a measurement where the person who runs the tests sees it. Goals are reported, not asserted: machines differ. */
export function tell(what: string, report?: Report): void {
  const load = report && `: ${report.failed} failed of ${report.sent}, p50 ${report.latency.p50} ms, p99 ${report.latency.p99} ms`;
  process.stdout.write(`  ${what}${load ?? ''}\n`);
}

export const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
export const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Lets load run undisturbed for a while: a measurement needs its time. */
export const measureFor = (duration: number) => wait(duration);
