import type { TestProject } from 'vitest/node';
import { startTestCluster, type TestCluster } from './test-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ProvidedCluster;
  }
}

/** Where the shared cluster of the `e2e` and `soak` projects is. */
export interface ProvidedCluster {
  /** The edge. */
  url: string;
  port: number;
  /** Its state directory, for `localCluster(directory)`. */
  directory: string;
  credentials: TestCluster['credentials'];
}

const ENV = {
  /** Tests sign in again and again, all from one address, and few people write as much as many do. */
  RATE_LIMIT_SIGN_INS_PER_IP: '100000',
  RATE_LIMIT_WRITES: '100000',
  /** Seconds after which the work of a worker that was killed is another one's: 10 would be most of what those tests take. */
  JOB_LOCK: '4',
  RELAY_LEASE: '4',
};

/** Global set-up of the `e2e` and `soak` projects: a cluster started by the real command, gone when the run ends. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, port, directory, credentials, close } = await startTestCluster([], ENV);
  project.provide('cluster', { url, port, directory, credentials });
  return close;
}
