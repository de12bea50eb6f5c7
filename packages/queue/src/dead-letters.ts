import type { Db, Sql } from '@tenfold/db';
import { AlreadyDone, commitEffect, type EffectKey } from './effect.ts';

/** An effect that failed for good. */
export interface DeadLetter {
  userId: string;
  id: string;
  eventId: string;
  topic: string;
  payload: unknown;
  effect: string;
  error: string;
  attempts: number;
  failedAt: string;
  replayedAt: string | null;
}

const BURY = `
  INSERT INTO dead_letters (user_id, event_id, topic, version, payload, effect, error, attempts)
  SELECT user_id, id, topic, version, payload, $3, $4, $5 FROM outbox WHERE user_id = $1 AND id = $2`;

const COLUMNS = `user_id AS "userId", id, event_id AS "eventId", topic, payload, effect, error, attempts,
  failed_at AS "failedAt", replayed_at AS "replayedAt"`;

const LIST = `
  SELECT ${COLUMNS} FROM dead_letters WHERE id < $1 AND ($2 OR replayed_at IS NULL) ORDER BY id DESC LIMIT $3`;

const TAKE = `
  UPDATE dead_letters SET replayed_at = now(), replayed_by = $3 WHERE user_id = $1 AND id = $2 AND replayed_at IS NULL
  RETURNING event_id AS "eventId", topic, version, payload, effect`;

/** The event's row may have been cleared away since: then it is written again, under its old id. */
const REVIVE = `
  INSERT INTO outbox AS o (user_id, id, topic, version, payload, pending) VALUES ($1, $2, $3, $4, $5, ARRAY[$6])
  ON CONFLICT (user_id, id) DO UPDATE SET published_at = NULL, done_at = NULL, claimed_until = NULL, held_until = NULL,
    pending = array_append(array_remove(o.pending, $6), $6)`;

const NEWEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Takes an effect off its event for people to look at; in one transaction, so that it is in one place at any time. */
export async function bury(db: Db, key: EffectKey, error: string, attempts: number): Promise<void> {
  try {
    await commitEffect(db, key, (tx) => tx.query(BURY, [key.userId, key.eventId, key.effect, error.slice(0, 2000), attempts]));
  } catch (failure) {
    if (!(failure instanceof AlreadyDone)) throw failure;
  }
}

/** Newest first. @param before the id of the last one seen. */
export function listDeadLetters(sql: Sql, { limit = 20, before = NEWEST, replayed = false } = {}): Promise<DeadLetter[]> {
  return sql.query<DeadLetter>(LIST, [before, replayed, limit]);
}

/**
 * Gives a dead letter another life, in the caller's transaction: its effect waits to be published again. Wake the relay
 * afterwards.
 *
 * @param by the id of the member of staff who asks for it.
 * @returns false when there is no such letter, or it was replayed before.
 */
export async function replayDeadLetter(tx: Sql, userId: string, id: string, by: string): Promise<boolean> {
  const [letter] = await tx.query<{ eventId: string; topic: string; version: number; payload: unknown; effect: string }>(TAKE, [
    userId,
    id,
    by,
  ]);
  if (!letter) return false;
  const { eventId, topic, version, payload, effect } = letter;
  await tx.query(REVIVE, [userId, eventId, topic, version, JSON.stringify(payload), effect]);
  return true;
}
