import type { Db, Sql } from '@tenfold/db';
import type { User } from './schemas.ts';

const USER = `u.user_id AS id, u.email, u.name, u.role, u.created_at AS "createdAt"`;

/** What a sign-in needs to know, and what goes into its token. */
export interface Credentials extends User {
  passwordHash: string;
  active: boolean;
  version: number;
}

const USE_UP_RESETS = `UPDATE mail_tokens SET used_at = now() WHERE user_id = $1 AND kind = 'reset_password' AND used_at IS NULL`;

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Accounts. Who signs in or looks at their own account asks the primary: a replica may not know the account yet. */
export function createAccounts(db: Db) {
  const BY_ID = `SELECT ${USER}, u.password_hash AS "passwordHash", u.active, u.auth_version AS version FROM users u WHERE u.user_id = $1`;

  return {
    /** The directory first, then the account's own shard: the same two queries whether or not there is such an address. */
    async findByEmail(address: string): Promise<Credentials | undefined> {
      const [entry] = await db.primary.query<{ userId: string }>('SELECT user_id AS "userId" FROM email_directory WHERE email = $1', [
        address,
      ]);
      const [user] = await db.primary.query<Credentials>(BY_ID, [entry?.userId ?? NOBODY]);
      return user;
    },

    async findById(userId: string): Promise<Credentials | undefined> {
      const [user] = await db.primary.query<Credentials>(BY_ID, [userId]);
      return user;
    },

    async findUser(userId: string): Promise<User | undefined> {
      const [user] = await db.primary.query<User>(`SELECT ${USER} FROM users u WHERE u.user_id = $1`, [userId]);
      return user;
    },

    /** @returns undefined when the address has an account. */
    async create(
      tx: Sql,
      address: string,
      { email, name, passwordHash }: { email: string; name: string | undefined; passwordHash: string },
    ) {
      const [claimed] = await tx.query<{ userId: string }>(
        'INSERT INTO email_directory (email, user_id) VALUES ($1, uuidv7()) ON CONFLICT (email) DO NOTHING RETURNING user_id AS "userId"',
        [address],
      );
      if (!claimed) return undefined;
      const [user] = await tx.query<User & { version: number }>(
        `INSERT INTO users AS u (user_id, email, name, password_hash) VALUES ($1, $2, $3, $4) RETURNING ${USER}, u.auth_version AS version`,
        [claimed.userId, email, name ?? null, passwordHash],
      );
      return user;
    },

    async rename(userId: string, name: string | null): Promise<User | undefined> {
      const [user] = await db.primary.query<User>(`UPDATE users u SET name = $2 WHERE u.user_id = $1 RETURNING ${USER}`, [userId, name]);
      return user;
    },

    /**
     * Whether the account is open and its password still the one that was checked. It stays so until the caller's transaction
     * ends: who changes the password meanwhile waits, and then sees what the caller wrote.
     */
    async holdPassword(tx: Sql, userId: string, checked: string): Promise<boolean> {
      const held = await tx.query('SELECT 1 AS one FROM users WHERE user_id = $1 AND password_hash = $2 AND active FOR SHARE', [
        userId,
        checked,
      ]);
      return held.length > 0;
    },

    /** Only where the password is still the one that was checked. @returns whether it was. */
    async setPassword(tx: Sql, userId: string, before: string, after: string): Promise<boolean> {
      const changed = await tx.query('UPDATE users SET password_hash = $3 WHERE user_id = $1 AND password_hash = $2 RETURNING 1 AS one', [
        userId,
        before,
        after,
      ]);
      return changed.length > 0;
    },
  };
}
export type Accounts = ReturnType<typeof createAccounts>;

/** A password that was chosen ends what mailed links might still choose. After it in the transaction: all lock the account first. */
export async function useUpResets(tx: Sql, userId: string): Promise<void> {
  await tx.query(USE_UP_RESETS, [userId]);
}
