import type { Sql } from '@tenfold/db';

/** Where a key counts: for one user on one route. */
export interface KeyScope {
  userId: string;
  route: string;
  key: string;
}

/** An answer as it was given, to be given again byte by byte. */
export interface StoredAnswer {
  status: number;
  body: string;
  location: string | null;
}

export type Claim =
  | { outcome: 'claimed' }
  /** Another request with this key is under way. */
  | { outcome: 'in_flight' }
  /** The key was used with another payload. */
  | { outcome: 'mismatch' }
  | { outcome: 'replay'; answer: StoredAnswer };

/** Hours for which an answer is kept. */
const KEPT = 24;

/**
 * The lock is only tried: a second request is told at once that the first is under way, where a plain insert would wait
 * for it. With the lock held, a row that is there already is one that was committed with its answer.
 */
const CLAIM = `
  WITH lock AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(hashtextextended($1::text || ' ' || $2 || ' ' || $3, 0)) AS got
  ), claim AS (
    INSERT INTO idempotency_keys AS k (user_id, route, key, fingerprint) SELECT $1::uuid, $2, $3, $4 FROM lock WHERE got
    ON CONFLICT (user_id, route, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, status = NULL, body = NULL, location = NULL, created_at = now()
      WHERE k.created_at < now() - interval '${KEPT} hours'
    RETURNING 1
  )
  SELECT got, EXISTS (SELECT FROM claim) AS claimed FROM lock`;
const FIND = 'SELECT fingerprint = $4 AS same, status, body, location FROM idempotency_keys WHERE user_id = $1 AND route = $2 AND key = $3';
const STORE = 'UPDATE idempotency_keys SET status = $4, body = $5, location = $6 WHERE user_id = $1 AND route = $2 AND key = $3';

/**
 * Claims a key for the caller's transaction: until it ends, nobody else can have it.
 *
 * @param fingerprint of the request's payload.
 */
export async function claimKey(tx: Sql, { userId, route, key }: KeyScope, fingerprint: Buffer): Promise<Claim> {
  const values = [userId, route, key, fingerprint];
  const [claim] = await tx.query<{ got: boolean; claimed: boolean }>(CLAIM, values);
  if (!claim?.got) return { outcome: 'in_flight' };
  if (claim.claimed) return { outcome: 'claimed' };
  const [found] = await tx.query<StoredAnswer & { same: boolean }>(FIND, values);
  if (!found) return { outcome: 'in_flight' }; // forgotten in this very moment: the next try claims it
  if (!found.same) return { outcome: 'mismatch' };
  return { outcome: 'replay', answer: { status: found.status, body: found.body, location: found.location } };
}

/** Keeps the answer with the key, in the transaction that makes it true. */
export async function storeAnswer(tx: Sql, { userId, route, key }: KeyScope, { status, body, location }: StoredAnswer): Promise<void> {
  await tx.query(STORE, [userId, route, key, status, body, location]);
}

/** Housekeeping, across users: deletes at most `limit` keys that are past their time. @returns how many. */
export async function forgetOldKeys(sql: Sql, limit: number): Promise<number> {
  const old = await sql.query<{ userId: string; route: string; key: string }>(
    `SELECT user_id AS "userId", route, key FROM idempotency_keys WHERE created_at < now() - interval '${KEPT} hours' LIMIT $1`,
    [limit],
  );
  for (const { userId, route, key } of old) {
    await sql.query(
      `DELETE FROM idempotency_keys WHERE user_id = $1 AND route = $2 AND key = $3 AND created_at < now() - interval '${KEPT} hours'`,
      [userId, route, key],
    );
  }
  return old.length;
}
