import { setTimeout as wait } from 'node:timers/promises';
import { Gauge, type Logger, type Position, type Registry } from '@tenfold/runtime';
import type { Lookup } from './addresses.ts';
import { checkConnectionBudget, type ConnectionBudget } from './connection-budget.ts';
import { DatabaseUnavailable } from './errors.ts';
import { createFleet, type Server } from './fleet.ts';
import type { Role } from './monitor.ts';
import { createNode } from './node.ts';
import { createWaitHistogram, type PoolOptions } from './pool.ts';
import { createPrimary, type Primary } from './primary.ts';
import { createReader, type Reader } from './reader.ts';
import { createTopology, type Topology } from './topology.ts';

export interface DbOptions {
  /** Every server, primary and replicas in any order: which is which is found out, and may change. */
  servers: readonly Server[];
  /** Whom to ask for the addresses of servers that are discovered; the system when left out. */
  lookup?: Lookup;
  /** Seen in `pg_stat_activity`. */
  applicationName: string;
  pools: Record<Role, PoolOptions>;
  budget: Omit<ConnectionBudget, 'perReplica'>;
  /** Milliseconds between two polls of a server for its role and position. */
  pollInterval: number;
  /** Milliseconds by which a replica may be behind before reads leave it out. */
  maxLag: number;
  logger: Logger;
  metrics: Registry;
}

export interface Db {
  /** Writes, and reads on which a write or its author depends. */
  readonly primary: Primary;
  /** Reads that tolerate a replica's lag, or that ask for at least the state at `after`. */
  replica(after?: Position): Reader;
  /** Waits until a server can be read and pools are warm. @throws when none answers in `timeout` ms, or the budget is overdrawn. */
  connect(timeout: number): Promise<void>;
  /** `ok`, or which servers are missing or behind. */
  health(): { degraded: boolean; servers: { name: string; role: Role | 'down'; lagSeconds: number | null }[] };
  close(): Promise<void>;
}

const CONNECT_RETRY = 200;

export function createDb(options: DbOptions): Db {
  const { servers, applicationName, pools, logger, metrics } = options;
  const waits = createWaitHistogram(metrics);
  const open = ({ name, url }: Server) => createNode({ name, url, applicationName, pools, logger, waits: (node) => waits.labels(node) });
  const topology = createTopology(createFleet({ ...options, open }), options);
  exportMetrics(topology, metrics);

  return {
    primary: createPrimary(topology),
    replica: (after) => createReader(topology, after),
    async connect(timeout) {
      const deadline = performance.now() + timeout;
      await topology.pollAll();
      while (!topology.nodes.some(({ state }) => state)) {
        if (performance.now() > deadline) {
          throw new DatabaseUnavailable(
            `no database server answered in ${timeout / 1000} s (${servers.map(({ name }) => name).join(', ')})`,
          );
        }
        await wait(CONNECT_RETRY);
      }
      await topology.pollAll(); // a replica is known to be up to date once the primary has been heard before it
      const perReplica = Math.max(pools.primary.size, pools.replica.size) + 1; // and the monitor's
      for (const node of topology.nodes.filter(({ state }) => state)) await checkConnectionBudget(node, { ...options.budget, perReplica });
    },
    health: () => describe(topology, options.maxLag),
    close: () => topology.close(),
  };
}

function describe(topology: Topology, maxLag: number): ReturnType<Db['health']> {
  const servers = topology.nodes.map((node) => ({
    name: node.name,
    role: node.state?.role ?? ('down' as const),
    lagSeconds: node.state?.role === 'replica' ? finite(topology.lag(node) / 1000) : null,
  }));
  const behind = topology.nodes.some((node) => node.state?.role === 'replica' && topology.lag(node) > maxLag);
  return { degraded: !topology.primary() || behind || servers.some(({ role }) => role === 'down'), servers };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Each gauge looks for itself: one that another's `collect` sets is exported as it was at the scrape before. */
function exportMetrics(topology: Topology, metrics: Registry) {
  const registers = [metrics];
  new Gauge({
    name: 'db_server_up',
    help: '1 where the server answered its last poll',
    labelNames: ['node', 'role'],
    registers,
    collect() {
      this.reset();
      for (const { name, state } of topology.nodes) this.set({ node: name, role: state?.role ?? 'unknown' }, state ? 1 : 0);
    },
  });
  new Gauge({
    name: 'db_replica_lag_seconds',
    help: 'Upper bound of how far a replica is behind',
    labelNames: ['node'],
    registers,
    collect() {
      this.reset();
      for (const node of topology.nodes) if (node.state?.role === 'replica') this.set({ node: node.name }, topology.lag(node) / 1000);
    },
  });
  new Gauge({
    name: 'db_pool_connections',
    help: 'Connections by state; waiting are requests that have none',
    labelNames: ['node', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { name, pool } of topology.nodes) {
        if (!pool) continue;
        const { idleCount, totalCount, waitingCount } = pool.pg;
        this.set({ node: name, state: 'idle' }, idleCount);
        this.set({ node: name, state: 'busy' }, totalCount - idleCount);
        this.set({ node: name, state: 'waiting' }, waitingCount);
      }
    },
  });
}
