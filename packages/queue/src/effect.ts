import type { Db, Sql } from '@tenfold/db';
import { type Effect, type OutboxEvent, parseEvent } from './events.ts';

/** The effect has taken place: another run of its job was faster, or this is a repeat of it. */
export class AlreadyDone extends Error {
  override readonly name = 'AlreadyDone';
}

/** It can't be done now and nothing is wrong with it: the job comes again, and the try does not count. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  /** Milliseconds; without it the wait grows from try to try. */
  readonly delay: number | undefined;

  constructor(reason: string, delay?: number) {
    super(reason);
    this.delay = delay;
  }
}

/** One effect of one event, as its handler sees it. */
export interface EffectRun {
  readonly eventId: string;
  readonly userId: string;
  readonly event: OutboxEvent;
  /** How many times it was begun, this one included. */
  readonly tries: number;
  /** Aborted when the process ends and can't wait any longer. */
  readonly signal: AbortSignal;
  /**
   * Takes note that the effect has taken place, in one transaction with what it changes here.
   *
   * @throws AlreadyDone, with nothing changed, when it has been noted before.
   */
  commit<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
}

interface LoadedRow {
  topic: string;
  version: number;
  payload: unknown;
}

const LOAD = `
  SELECT topic, version, payload FROM outbox WHERE user_id = $1 AND id = $2 AND $3 = ANY (pending)`;

const HOLD = `
  UPDATE outbox SET held_until = now() + interval '1 millisecond' * $4
  WHERE user_id = $1 AND id = $2 AND $3 = ANY (pending) AND (held_until IS NULL OR held_until < now())
  RETURNING topic, version, payload`;

const LET_GO = 'UPDATE outbox SET held_until = NULL WHERE user_id = $1 AND id = $2';

const RECEIPT = `
  UPDATE outbox SET pending = array_remove(pending, $3), held_until = NULL,
    done_at = CASE WHEN array_remove(pending, $3) = '{}' THEN now() END
  WHERE user_id = $1 AND id = $2 AND $3 = ANY (pending) RETURNING id`;

export interface EffectKey {
  userId: string;
  eventId: string;
  effect: Effect;
}

/** Reads what is to be done. @throws AlreadyDone; or when the row is not what the contract says. */
export async function load(sql: Sql, { userId, eventId, effect }: EffectKey): Promise<OutboxEvent> {
  const [row] = await sql.query<LoadedRow>(LOAD, [userId, eventId, effect]);
  if (!row) throw new AlreadyDone(`${effect} of ${eventId} is done`);
  return parseEvent(row.topic, row.version, row.payload);
}

/**
 * The same for effects that can't be asked about afterwards, such as a mail: for `lease` milliseconds nobody else does it.
 *
 * @throws RetryLater while another holds it.
 */
export async function hold(sql: Sql, key: EffectKey, lease: number): Promise<OutboxEvent> {
  const [row] = await sql.query<LoadedRow>(HOLD, [key.userId, key.eventId, key.effect, lease]);
  if (row) return parseEvent(row.topic, row.version, row.payload);
  await load(sql, key);
  throw new RetryLater('another worker is at it', lease / 4);
}

export async function letGo(sql: Sql, { userId, eventId }: EffectKey): Promise<void> {
  await sql.query(LET_GO, [userId, eventId]);
}

/** The receipt first: its row lock makes a second run of the same effect wait, and find it done. */
export async function commitEffect<T>(db: Db, { userId, eventId, effect }: EffectKey, work: (tx: Sql) => Promise<T>): Promise<T> {
  const { value } = await db.primary.transaction(async (tx) => {
    const noted = await tx.query(RECEIPT, [userId, eventId, effect]);
    if (noted.length === 0) throw new AlreadyDone(`${effect} of ${eventId} is done`);
    return work(tx);
  });
  return value;
}
