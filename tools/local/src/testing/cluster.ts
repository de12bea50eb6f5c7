import type { TestProject } from 'vitest/node';
import { startTestCluster } from './test-cluster.ts';

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
  staffKey: string;
}

/** Global set-up of the `e2e` and `soak` projects: a cluster started by the real command, gone when the run ends. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, port, directory, staffKey, close } = await startTestCluster();
  project.provide('cluster', { url, port, directory, staffKey });
  return close;
}
