import type { Sql } from '@tenfold/db';

/** An outbox row as the relay sees it. */
export interface OutboxRow {
  userId: string;
  id: string;
  topic: string;
  payload: unknown;
  pending: string[];
  createdAt: string;
}

interface Key {
  userId: string;
  id: string;
}

/**
 * The lease keeps a row from two relays; the lock keeps relays that claim at the same moment from waiting for one
 * another. Both parts hold on their own, so that a database that can't lock across shards needs the lease alone.
 */
const CLAIM = `
  UPDATE outbox o SET claimed_until = now() + interval '1 millisecond' * $2, attempts = o.attempts + 1
  FROM (
    SELECT user_id, id FROM outbox
    WHERE published_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())
    ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
  ) c
  WHERE o.user_id = c.user_id AND o.id = c.id AND o.published_at IS NULL AND (o.claimed_until IS NULL OR o.claimed_until < now())
  RETURNING o.user_id AS "userId", o.id, o.topic, o.payload, o.pending, o.created_at AS "createdAt"`;

/** "live" is what the relay has done itself; with nothing else to do the row is done. */
const MARK_PUBLISHED = `
  UPDATE outbox o SET published_at = clock_timestamp(), claimed_until = NULL, pending = array_remove(o.pending, 'live'),
    done_at = CASE WHEN array_remove(o.pending, 'live') = '{}' THEN now() END
  FROM unnest($1::uuid[], $2::uuid[]) AS k (user_id, id)
  WHERE o.user_id = k.user_id AND o.id = k.id AND o.published_at IS NULL`;

const RELEASE = `
  UPDATE outbox o SET claimed_until = NULL FROM unnest($1::uuid[], $2::uuid[]) AS k (user_id, id)
  WHERE o.user_id = k.user_id AND o.id = k.id AND o.published_at IS NULL`;

const FORGET = `
  UPDATE outbox o SET published_at = NULL
  FROM (
    SELECT user_id, id FROM outbox WHERE done_at IS NULL AND published_at < now() - interval '1 millisecond' * $1
    ORDER BY published_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ) c
  WHERE o.user_id = c.user_id AND o.id = c.id AND o.done_at IS NULL
  RETURNING o.id`;

/** Takes up to `limit` rows that wait to be published, oldest first, for `lease` milliseconds. */
export function claim(sql: Sql, limit: number, lease: number): Promise<OutboxRow[]> {
  return sql.query<OutboxRow>(CLAIM, [limit, lease]);
}

export async function markPublished(sql: Sql, rows: readonly Key[]): Promise<void> {
  await sql.query(MARK_PUBLISHED, keys(rows));
}

/** Gives rows back that could not be published. */
export async function release(sql: Sql, rows: readonly Key[]): Promise<void> {
  await sql.query(RELEASE, keys(rows));
}

/**
 * Makes published rows wait again whose effects have not all taken place, up to `limit` of them. A job that is still
 * there is not doubled, since its id is made from the row's.
 *
 * @param age milliseconds since they were published.
 * @returns how many.
 */
export async function forgetPublished(sql: Sql, age: number, limit: number): Promise<number> {
  return (await sql.query(FORGET, [age, limit])).length;
}

function keys(rows: readonly Key[]) {
  return [rows.map(({ userId }) => userId), rows.map(({ id }) => id)];
}
