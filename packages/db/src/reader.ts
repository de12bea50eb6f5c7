import { setTimeout as wait } from 'node:timers/promises';
import { covers, type Position } from '@tenfold/runtime';
import type { PrismaClient } from './generated/client.ts';
import { DatabaseUnavailable, isConnectionError, isRecoveryConflict } from './errors.ts';
import type { DatabaseNode } from './node.ts';
import type { Sql } from './sql.ts';
import type { Topology } from './topology.ts';

/** What a read runs on: one server, by prepared SQL or by Prisma. */
export interface ReadNode extends Sql {
  readonly name: string;
  readonly prisma: PrismaClient;
}

export interface Snapshot<T> {
  value: T;
  /** The value includes everything that was committed up to here. */
  position: Position;
  /** The server that answered. */
  source: string;
}

export interface Reader extends Sql {
  /** Runs a read (which may run twice: it goes on to another server when one breaks) and says how new its answer is. */
  snapshot<T>(read: (node: ReadNode) => Promise<T>): Promise<Snapshot<T>>;
}

/** How long a read waits (milliseconds) for a replica to catch up, when there is no primary to ask instead. */
const CATCH_UP = 100;
const CATCH_UP_STEP = 20;

/**
 * Reads for which a replica is good enough, if it has replayed `after`. A read that a replica breaks off goes on to the
 * next, and a replica that is gone is left out; the primary comes last.
 *
 * @throws DatabaseUnavailable when no server is left that may answer.
 */
export function createReader(topology: Topology, after: Position | undefined): Reader {
  const snapshot: Reader['snapshot'] = async (read) => {
    const tried = new Set<DatabaseNode>();
    let failure: unknown;
    for (;;) {
      const node = await choose(topology, after, tried);
      if (!node?.state) throw new DatabaseUnavailable('no database server can answer this read', { cause: failure });
      const { position } = node.state;
      try {
        // The primary has all that was ever committed, even where its last poll is older than `after`.
        return { value: await read(node), position: after && !covers(position, after) ? after : position, source: node.name };
      } catch (error) {
        if (isConnectionError(error)) node.suspect(error);
        else if (!isRecoveryConflict(error)) throw error;
        tried.add(node);
        failure = error;
      }
    }
  };
  return {
    snapshot,
    async query<Row extends object>(text: string, values?: readonly unknown[]) {
      return (await snapshot((node) => node.query<Row>(text, values))).value;
    },
  };
}

async function choose(topology: Topology, after: Position | undefined, tried: Set<DatabaseNode>): Promise<DatabaseNode | undefined> {
  const untried = (node: DatabaseNode | undefined) => node && !tried.has(node);
  const replica = () => topology.replicas(after).find(untried);

  let found = replica();
  if (found || !after) return found ?? only(topology.primary(), untried);
  // Positions are as old as the last poll: a replica may well have caught up since.
  await topology.refresh(CATCH_UP_STEP);
  found = replica() ?? only(topology.primary(), untried);
  for (let waited = 0; !found && waited < CATCH_UP; waited += CATCH_UP_STEP) {
    await wait(CATCH_UP_STEP);
    await topology.refresh(CATCH_UP_STEP);
    found = replica() ?? only(topology.primary(), untried);
  }
  return found;
}

function only<T>(value: T | undefined, condition: (value: T) => unknown): T | undefined {
  return value !== undefined && condition(value) ? value : undefined;
}
