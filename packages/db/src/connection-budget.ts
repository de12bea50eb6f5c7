import type { Sql } from './sql.ts';

export interface ConnectionBudget {
  /** API processes that may ever run at once, a rolling update's surge included (`API_MAX_REPLICAS`). */
  apiMaxReplicas: number;
  /** Connections that one API process may hold to one server. */
  perReplica: number;
  /** For all workers together. */
  workers: number;
  /** For migrations, backups, replication tools and people. */
  reserve: number;
}

/**
 * A process can't see how many of its kind there will be, so it does the arithmetic for all of them before it serves:
 * "too many clients" must come up at the first start, not at the tenth replica during a sale.
 *
 * @throws a sentence that says which number to change.
 */
export async function checkConnectionBudget(server: Sql, budget: ConnectionBudget): Promise<void> {
  const [row] = await server.query<{ max: number }>(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS max`,
  );
  const { apiMaxReplicas, perReplica, workers, reserve } = budget;
  const needed = apiMaxReplicas * perReplica + workers + reserve;
  if (row && needed > row.max) {
    throw new Error(
      `the connection budget is overdrawn: API_MAX_REPLICAS ${apiMaxReplicas} x ${perReplica} connections + ${workers} for workers ` +
        `+ ${reserve} in reserve = ${needed}, but PostgreSQL grants ${row.max}: lower DB_PRIMARY_POOL_SIZE, DB_REPLICA_POOL_SIZE or ` +
        'API_MAX_REPLICAS, or raise max_connections (or put PgBouncer in between)',
    );
  }
}
