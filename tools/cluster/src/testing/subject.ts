import { vi } from 'vitest';
import type { Cluster } from '../cluster.ts';
import type { ClusterStatus } from '../status.ts';

export interface Account {
  email: string;
  password: string;
}

/** A running cluster as its clients have it, whatever runs it, and what only a test may know of it. */
export interface Subject {
  /** The edge, http or https; a certificate that signed itself is trusted by the process that runs the tests. */
  url: string;
  cluster: Cluster;
  credentials: { admin: Account; staff: Account };
  /** How many receipts were mailed for an order. */
  receipts(orderId: string): Promise<number>;
}

/** The names of the API replicas that are ready. */
export async function readyReplicas({ cluster }: Pick<Subject, 'cluster'>): Promise<string[]> {
  const { api } = await cluster.status();
  return api.filter(({ state }) => state === 'ready').map(({ name }) => name);
}

/** Waits until everybody is as before: what one test broke must not be what the next one measures. */
export async function untilWhole({ cluster }: Pick<Subject, 'cluster'>): Promise<void> {
  const broken = async () => everybody(await cluster.status()).filter(({ state }) => state !== 'ready');
  await vi.waitFor(
    async () => {
      const names = (await broken()).map(({ name, state }) => `${name} is ${state}`);
      if (names.length > 0) throw new Error(names.join(', '));
    },
    { timeout: 90_000, interval: 250 },
  );
}

function everybody({ edge, api, worker, paymentSandbox, postgres, redis }: ClusterStatus) {
  const stores = [postgres.primary, ...postgres.replicas, redis.cache, redis.state];
  return [edge, ...api, ...worker, ...(paymentSandbox ? [paymentSandbox] : []), ...stores];
}

/** Puts a measurement where the person who runs the tests sees it. */
export function tell(what: string): void {
  process.stdout.write(`  ${what}\n`);
}
