import type { Db, Sql } from '@tenfold/db';
import type { RefreshToken, RefreshTokens } from './refresh-tokens.ts';
import type { Role } from './roles.ts';

/** The account's part of an access token. */
export interface Principal {
  userId: string;
  sessionId: string;
  role: Role;
  version: number;
}

export interface Session {
  id: string;
  createdAt: string;
  lastUsedAt: string;
  userAgent: string | null;
}

/** Why a refresh token is not taken. */
export type RefreshFailure = 'invalid' | 'expired' | 'revoked' | 'reused';

type Rotation = { principal: Principal; next: RefreshToken } | { failure: RefreshFailure };

interface Options {
  db: Db;
  tokens: RefreshTokens;
  /** Seconds after its last use at which a session ends. */
  lifetime: number;
}

/** A repeat of a refresh within this (seconds) is a lost answer or a second tab, not a thief. */
const GRACE = 10;

/**
 * Sessions of record, in Postgres: each is a family of refresh tokens of which only the last is good.
 *
 * All of it runs on the primary: whether a session lives can't be asked of a server that may be behind.
 */
export function createSessions({ db, tokens, lifetime }: Options) {
  const alive = `s.last_used_at > now() - interval '1 second' * ${lifetime}`;
  const ROTATE = `
    UPDATE sessions s SET previous_hash = s.refresh_hash, refresh_hash = $4, rotated_at = now(), last_used_at = now()
    FROM users u
    WHERE s.user_id = $1 AND s.id = $2 AND s.refresh_hash = $3 AND s.revoked_at IS NULL AND ${alive}
      AND u.user_id = s.user_id AND u.active
    RETURNING u.role, u.auth_version AS version`;
  const EXPLAIN = `
    SELECT u.role, u.auth_version AS version, s.revoked_at IS NOT NULL OR NOT u.active AS revoked, NOT (${alive}) AS expired,
      coalesce(s.previous_hash = $3 AND s.rotated_at > now() - interval '${GRACE} seconds', false) AS repeated
    FROM sessions s JOIN users u ON u.user_id = s.user_id WHERE s.user_id = $1 AND s.id = $2`;
  const REVOKE = `
    UPDATE sessions SET revoked_at = now(), revoked_reason = $3
    WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id`;
  const REVOKE_ALL = `
    UPDATE sessions SET revoked_at = now(), revoked_reason = $2
    WHERE user_id = $1 AND revoked_at IS NULL AND id <> ALL($3::uuid[]) RETURNING id`;
  const LIST = `
    SELECT s.id, s.created_at AS "createdAt", s.last_used_at AS "lastUsedAt", s.user_agent AS "userAgent"
    FROM sessions s WHERE s.user_id = $1 AND s.revoked_at IS NULL AND ${alive} ORDER BY s.last_used_at DESC LIMIT 100`;

  return {
    /** Begins a session in the caller's transaction. @returns its first refresh token. */
    async start(tx: Sql, userId: string, userAgent: string | undefined): Promise<RefreshToken> {
      const [row] = await tx.query<{ id: string }>('SELECT uuidv7() AS id');
      if (!row) throw new Error('uuidv7() gave no row');
      const token = tokens.create(userId, row.id);
      await tx.query('INSERT INTO sessions (user_id, id, refresh_hash, user_agent) VALUES ($1, $2, $3, $4)', [
        userId,
        row.id,
        tokens.hash(token),
        userAgent?.slice(0, 256) ?? null,
      ]);
      return token;
    },

    /**
     * Exchanges a refresh token for its successor. Two at once get the same; a repeat after the grace, or once the
     * successor was used, ends the session: one of the two who have the token has stolen it.
     */
    async rotate(token: RefreshToken): Promise<Rotation> {
      const next = tokens.next(token);
      const { userId, sessionId } = token;
      const hash = tokens.hash(token);
      const [rotated] = await db.primary.query<PrincipalRow>(ROTATE, [userId, sessionId, hash, tokens.hash(next)]);
      if (rotated) return { principal: { userId, sessionId, ...rotated }, next };

      const [found] = await db.primary.query<ExplainRow>(EXPLAIN, [userId, sessionId, hash]);
      if (!found) return { failure: 'invalid' };
      if (found.revoked) return { failure: 'revoked' };
      if (found.expired) return { failure: 'expired' };
      if (found.repeated) return { principal: { userId, sessionId, role: found.role, version: found.version }, next };
      await this.revoke(userId, sessionId, 'refresh token reused');
      return { failure: 'reused' };
    },

    /** @returns whether it was there and alive. */
    async revoke(userId: string, sessionId: string, reason: string): Promise<boolean> {
      const revoked = await db.primary.query(REVOKE, [userId, sessionId, reason]);
      return revoked.length > 0;
    },

    /** Ends all sessions of an account but those named. @returns their ids. */
    async revokeAll(sql: Sql, userId: string, reason: string, except: readonly string[] = []): Promise<string[]> {
      const revoked = await sql.query<{ id: string }>(REVOKE_ALL, [userId, reason, except]);
      return revoked.map(({ id }) => id);
    },

    list: (userId: string): Promise<Session[]> => db.primary.query<Session>(LIST, [userId]),
  };
}
export type Sessions = ReturnType<typeof createSessions>;

interface PrincipalRow {
  role: Role;
  version: number;
}

interface ExplainRow extends PrincipalRow {
  revoked: boolean;
  expired: boolean;
  repeated: boolean;
}
