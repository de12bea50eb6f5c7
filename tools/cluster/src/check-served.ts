import { ClusterError } from './errors.ts';

/** What `serve` may be told. @throws ClusterError */
export function checkServed(count: number | undefined, replicas: number): void {
  if (count === undefined || (count >= 1 && count <= replicas)) return;
  throw new ClusterError(
    count < 1 ? 'At least one replica has to serve.' : `There are ${replicas} replicas: \`scale api=${count}\` first.`,
  );
}
