import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ClusterError } from '@tenfold/cluster';

/** Below Linux's ephemeral ports (32768 and up), so that no outgoing connection can take one of them. */
const FIRST = 20_000;
const LAST = 32_000;
const BLOCK = 100;

/** How many of each a block has room for. */
export const ROOM = { api: 29, worker: 9, postgresReplicas: 9 } as const;

/** Which port is whose within a block. Replicas count from 1. */
export function portsFrom(base: number) {
  return {
    postgresPrimary: base,
    postgresReplica: (number: number) => base + number,
    redisCache: base + 10,
    redisState: base + 11,
    paymentSandbox: base + 12,
    api: (number: number) => base + 20 + number,
    worker: (number: number) => base + 50 + number,
    apiMetrics: (number: number) => base + 60 + number,
    workerMetrics: (number: number) => base + 90 + number,
  };
}

export type Ports = ReturnType<typeof portsFrom>;

/** Every block, the instance's own first: two checkouts rarely meet, and one that moves always moves the same way. */
export function blocksFor(id: string): number[] {
  const count = (LAST - FIRST) / BLOCK;
  const first = createHash('sha256').update(id).digest().readUInt32BE() % count;
  return Array.from({ length: count }, (_, step) => FIRST + ((first + step) % count) * BLOCK);
}

/**
 * The first port of a block in which nobody listens.
 *
 * @param remembered the block of the last start, tried first.
 * @throws ClusterError when all are taken.
 */
export async function findBlock(id: string, remembered?: number): Promise<number> {
  const candidates = [...(remembered === undefined ? [] : [remembered]), ...blocksFor(id)];
  for (const base of candidates) {
    const ports = Array.from({ length: BLOCK }, (_, offset) => base + offset);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
  }
  throw new ClusterError(`Every block of ${BLOCK} ports between ${FIRST} and ${LAST} has somebody listening in it.`);
}

/** Whether a server could listen on this port of the loopback address now. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
