import { position, type Position } from '@tenfold/runtime';
import pg from 'pg';
import { answerWithin } from './patience.ts';
import { run } from './sql.ts';

export type Role = 'primary' | 'replica';

/** What the last poll of a server said. */
export interface NodeState {
  role: Role;
  position: Position;
  /** A replica: it has replayed all that it received. */
  replayedAll: boolean;
  /** When the poll was sent, by `performance.now()`; the position is at least this new. */
  at: number;
}

export interface Monitor {
  /** @throws when the server doesn't answer in time. */
  ask(): Promise<NodeState>;
  close(): Promise<void>;
}

/** Milliseconds; a poll that takes longer counts as no answer. */
const POLL_TIMEOUT = 1000;

/** A primary has written up to this position; a replica has replayed it, so that its queries see it. */
const POLL = `
  SELECT pg_is_in_recovery() AS "inRecovery",
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
    CASE WHEN pg_is_in_recovery()
      THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
    END AS timeline,
    coalesce(pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn(), true) AS "replayedAll"`;

interface PollRow {
  inRecovery: boolean;
  lsn: string;
  timeline: number;
  replayedAll: boolean;
}

/** Asks one server for its role and position, on a connection outside the pool: the question must not wait behind the load. */
export function createMonitor(url: string, applicationName: string): Monitor {
  let client: pg.Client | undefined;
  const drop = async () => {
    const dropped = client;
    client = undefined;
    await dropped?.end().catch(() => undefined);
  };

  return {
    async ask() {
      const at = performance.now();
      try {
        client ??= await connect(url, applicationName);
        const [row] = await answerWithin(POLL_TIMEOUT, run<PollRow>(client, POLL));
        if (!row) throw new Error('the position query gave no row');
        const { inRecovery, timeline, lsn, replayedAll } = row;
        return { role: inRecovery ? 'replica' : 'primary', position: position(timeline, lsn), replayedAll, at };
      } catch (error) {
        void drop();
        throw error;
      }
    },
    close: drop,
  };
}

async function connect(url: string, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `${applicationName} monitor`,
    keepAlive: true,
  });
  client.on('error', () => undefined); // the next poll finds out, and reconnects
  try {
    await answerWithin(POLL_TIMEOUT, client.connect());
    return client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}
