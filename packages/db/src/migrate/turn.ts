import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

/** Any number will do, as long as every migrating process takes the same, and it is not the engine's own (72707369). */
const ADVISORY_LOCK = 20_260_102;

/** Milliseconds from one try to the next. */
const PAUSE = 250;

interface TurnOptions {
  /** Milliseconds. An index of a large table takes minutes. */
  patience: number;
  /** Called once, if it has to wait. */
  waiting: () => void;
}

/**
 * Does the work while nobody else does it on this database.
 *
 * The lock is tried again and again, not waited for: a statement that waits has a snapshot, and CREATE INDEX CONCURRENTLY
 * waits for all snapshots. The engine's own lock is such a wait, so that its second process and the index of its first
 * wait for each other; Postgres ends one of them and leaves an invalid index.
 */
export async function inTurn<T>(url: string, { patience, waiting }: TurnOptions, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, keepAlive: true });
  client.on('error', () => undefined); // when it breaks while the work is done, the engine's lock is left
  const deadline = Date.now() + patience;
  try {
    await client.connect();
    for (let tries = 0; !(await tryLock(client)); tries += 1) {
      if (tries === 0) waiting();
      if (Date.now() > deadline)
        throw new Error(`another migration is still under way after ${patience / 1000} seconds: run this again when it has ended`);
      await wait(PAUSE);
    }
    return await work();
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [ADVISORY_LOCK]);
  return rows[0]?.got === true;
}
