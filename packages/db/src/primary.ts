import { position, type Position } from '@tenfold/runtime';
import type { PrismaClient } from './generated/client.ts';
import { DatabaseUnavailable, isConnectionError } from './errors.ts';
import type { DatabaseNode } from './node.ts';
import { run, type Sql } from './sql.ts';
import type { Topology } from './topology.ts';

export interface Committed<T> {
  value: T;
  /** The log position of the commit: what a later read has to ask for to see it. */
  position: Position;
}

/** The one server that takes writes, and whose reads are never behind. */
export interface Primary extends Sql {
  readonly prisma: PrismaClient;
  /**
   * Runs `work` in one transaction. It is not repeated: when the connection breaks at COMMIT nobody knows the outcome.
   *
   * @throws DatabaseUnavailable when there is no primary; whatever `work` throws, after a rollback.
   */
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<Committed<T>>;
}

/**
 * One message, one round trip: the second statement runs after the commit, so its position is at or past it.
 * (`pg_current_wal_insert_lsn` would not do: at the start of a page it is ahead of what any replica can ever replay.)
 */
const COMMIT = `COMMIT; SELECT pg_current_wal_lsn()::text AS lsn, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS timeline`;

export function createPrimary(topology: Topology): Primary {
  const node = (): DatabaseNode => {
    const primary = topology.primary();
    if (!primary) throw new DatabaseUnavailable('the primary database is not reachable');
    return primary;
  };

  const onNode = async <T>(work: (node: DatabaseNode) => Promise<T>): Promise<T> => {
    const primary = node();
    try {
      return await work(primary);
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      primary.suspect(error);
      throw new DatabaseUnavailable('the primary database broke the connection', { cause: error });
    }
  };

  return {
    get prisma() {
      return node().prisma;
    },
    query: (text, values) => onNode((primary) => primary.query(text, values)),
    transaction: (work) =>
      onNode((primary) =>
        primary.use(async (client) => {
          await client.query('BEGIN');
          try {
            const value = await work({ query: (text, values) => run(client, text, values) });
            return { value, position: committedAt(await client.query(COMMIT)) };
          } catch (error) {
            if (!isConnectionError(error)) await client.query('ROLLBACK');
            throw error;
          }
        }),
      ),
  };
}

/** pg answers a message of several statements with an array of results, which its types don't know. */
function committedAt(results: unknown): Position {
  const last: unknown = Array.isArray(results) ? results.at(-1)?.rows?.[0] : undefined;
  if (!isCommitRow(last)) throw new Error('COMMIT gave no log position');
  return position(last.timeline, last.lsn);
}

function isCommitRow(row: unknown): row is { timeline: number; lsn: string } {
  return typeof row === 'object' && row !== null && 'lsn' in row && typeof row.lsn === 'string' && 'timeline' in row;
}
