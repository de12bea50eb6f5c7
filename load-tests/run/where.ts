import { ClusterError, composeCluster, localCluster } from '@tenfold/cluster';
import { LoadError } from './errors.ts';

export interface Where {
  url: string;
  /** The replicas' names; empty for a URL, where nobody can be asked. */
  replicas: string[];
  /** Whether workers run. */
  hasWorkers: boolean;
}

/** Finds what the load goes to. @throws LoadError when no cluster runs. */
export async function locateTarget(on: string): Promise<Where> {
  if (on !== 'local' && on !== 'compose') return { url: on, replicas: [], hasWorkers: false };
  try {
    const { edge, api, worker } = await (on === 'compose' ? composeCluster() : localCluster()).status();
    return { url: edge.url, replicas: api.map(({ name }) => name), hasWorkers: worker.length > 0 };
  } catch (error) {
    if (error instanceof ClusterError) throw new LoadError(error.message);
    throw error;
  }
}
