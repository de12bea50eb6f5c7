import { ClusterError } from './errors.ts';

/** Starts replicas with other settings; when they don't get ready, with those that they had. @throws ClusterError that says why. */
export async function orGoBack(attempt: () => Promise<void>, goBack: () => Promise<void>): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    await goBack();
    throw new ClusterError(`${error instanceof Error ? error.message : String(error)}\nThe replicas have the settings that they had.`);
  }
}
