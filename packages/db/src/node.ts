import { PrismaPg } from '@prisma/adapter-pg';
import type { Logger } from '@tenfold/runtime';
import type pg from 'pg';
import { DatabaseUnavailable, isTimeout } from './errors.ts';
import { PrismaClient } from './generated/client.ts';
import { createMonitor, type NodeState, type Role } from './monitor.ts';
import { createPool, type Pool, type PoolOptions, type WaitHistogram } from './pool.ts';
import { run, type Sql, statementName } from './sql.ts';

/** One Postgres server, primary or replica: it may change from one into the other while we run. */
export interface DatabaseNode extends Sql {
  readonly name: string;
  /** Undefined while the server can't be reached. */
  readonly state: NodeState | undefined;
  /** Reads and writes under way. */
  readonly inFlight: number;
  readonly pool: Pool | undefined;
  /** Prisma on this node's pool. Plans every query on the event loop (0.1 to 0.4 ms): not for hot paths. */
  readonly prisma: PrismaClient;
  use<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Asks the server for its role and position; concurrent calls share one question. Never throws. */
  poll(): Promise<void>;
  /** Leaves the server out until the next poll that succeeds; not for a time-out, which the poll in progress judges better. */
  suspect(error: unknown): void;
  close(): Promise<void>;
}

export interface NodeOptions {
  name: string;
  url: string;
  applicationName: string;
  pools: Record<Role, PoolOptions>;
  logger: Logger;
  waits: (node: string) => WaitHistogram;
}

export function createNode({ name, url, applicationName, pools, logger, waits }: NodeOptions): DatabaseNode {
  let state: NodeState | undefined;
  let pool: Pool | undefined;
  let poolRole: Role | undefined;
  let prisma: PrismaClient | undefined;
  let polling: Promise<void> | undefined;
  let inFlight = 0;
  const monitor = createMonitor(url, applicationName);

  const opened = () => {
    if (!pool) throw new DatabaseUnavailable(`${name} was never reached`);
    return pool;
  };

  /** @returns a pool for what the server is now. */
  const poolFor = (role: Role): Pool => {
    if (pool && poolRole === role) return pool;
    const previous = pool;
    poolRole = role;
    prisma = undefined;
    pool = createPool(url, applicationName, pools[role], logger, waits(name));
    void previous?.close();
    return pool;
  };

  const ask = async () => {
    try {
      const answer = await monitor.ask();
      const current = poolFor(answer.role);
      if (state?.role !== answer.role) {
        await current.warm().catch((error: unknown) => logger.warn({ err: error, node: name }, 'the pool could not be warmed'));
        logger.info({ node: name, role: answer.role }, 'database server is up');
      }
      state = answer;
    } catch (error) {
      leaveOut(error);
    }
  };

  const leaveOut = (error: unknown) => {
    if (state) logger.warn({ err: error, node: name }, 'database server is left out');
    state = undefined;
  };

  const use: DatabaseNode['use'] = async (work) => {
    inFlight += 1;
    try {
      return await opened().use(work);
    } finally {
      inFlight -= 1;
    }
  };

  return {
    name,
    get state() {
      return state;
    },
    get inFlight() {
      return inFlight;
    },
    get pool() {
      return pool;
    },
    get prisma() {
      prisma ??= new PrismaClient({ adapter: new PrismaPg(opened().pg, { statementNameGenerator: ({ sql }) => statementName(sql) }) });
      return prisma;
    },
    use,
    query: (text, values) => use((client) => run(client, text, values)),
    poll() {
      polling ??= ask().finally(() => {
        polling = undefined;
      });
      return polling;
    },
    suspect(error) {
      if (!isTimeout(error)) leaveOut(error);
    },
    async close() {
      await polling;
      await Promise.allSettled([monitor.close(), pool?.close()]);
    },
  };
}
