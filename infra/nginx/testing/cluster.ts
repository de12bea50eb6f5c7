import { type Edge, startEdge, type TestOptions } from './edge.ts';
import { type Behaviour, type Replica, startReplica } from './replica.ts';

/** Vitest's `onTestFinished` of the test's own context: the global one can't tell concurrent tests apart. */
type Ending = (end: () => Promise<void>) => void;

export interface TestCluster {
  edge: Edge;
  port: number;
  replicas: Replica[];
  /** How many requests all replicas got. */
  received: () => number;
  /** Gives every replica the same behaviour. */
  all: (behave: Behaviour) => void;
  /** A replica starts again on the port that it had. */
  restart: (replica: Replica) => Promise<Replica>;
}

/** Replicas r1, r2, … behind an edge, until the test ends: `await startCluster(onTestFinished, 3)`. */
export async function startCluster(ending: Ending, size: number, options: Partial<TestOptions> = {}): Promise<TestCluster> {
  const replicas = await together(size, (index) => startReplica(`r${index + 1}`));
  ending(async () => void (await Promise.all(replicas.map((replica) => replica.close()))));
  const edge = await startEdge({ upstream: { servers: replicas.map(({ address }) => ({ address, state: 'up' })) }, ...options });
  ending(() => edge.stop());
  return {
    edge,
    port: edge.port,
    replicas,
    received: () => replicas.reduce((sum, replica) => sum + replica.received.length, 0),
    all: (behave) => {
      for (const replica of replicas) replica.behave = behave;
    },
    restart: async ({ name, port }) => {
      const again = await startReplica(name, { port });
      replicas.push(again);
      return again;
    },
  };
}

/** Calls `make` `times` times at once. */
export function together<T>(times: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => make(index)));
}
