import type { Db, Sql } from '@tenfold/db';
import type { Account, ChangeAccount, ListAccounts } from './schemas.ts';

const ACCOUNT = `u.user_id AS id, u.email, u.name, u.role, u.created_at AS "createdAt", u.active`;

/** Accounts as administrators see them. The list goes across all users, so it is one of the few queries without a user id. */
export function createUsersRepository(db: Db) {
  return {
    /** One more than the limit, to tell whether there is a next page. Ids are in the order of creation. */
    list({ limit, cursor, role, active }: ListAccounts, userId: string | undefined): Promise<Account[]> {
      // Few accounts are not a customer's. They have an index of their own, for a statement that says that it wants no others.
      const ofRole =
        role === undefined || role === 'customer' ? '($2::text IS NULL OR u.role = $2)' : `u.role = $2 AND u.role <> 'customer'`;
      return db.primary.query<Account>(
        `SELECT ${ACCOUNT} FROM users u
         WHERE ($1::uuid IS NULL OR u.user_id > $1) AND ${ofRole} AND ($3::boolean IS NULL OR u.active = $3)
           AND ($4::uuid IS NULL OR u.user_id = $4)
         ORDER BY u.user_id LIMIT $5`,
        [cursor ?? null, role ?? null, active ?? null, userId ?? null, limit + 1],
      );
    },

    async findUserId(address: string): Promise<string | undefined> {
      const [entry] = await db.primary.query<{ userId: string }>('SELECT user_id AS "userId" FROM email_directory WHERE email = $1', [
        address,
      ]);
      return entry?.userId;
    },

    /** What tokens say of the account is no longer true, so they are of an older version from here on. */
    async change(tx: Sql, userId: string, { role, active }: ChangeAccount): Promise<(Account & { version: number }) | undefined> {
      const [changed] = await tx.query<Account & { version: number }>(
        `UPDATE users u SET role = coalesce($2, u.role), active = coalesce($3, u.active), auth_version = u.auth_version + 1, auth_changed_at = now()
         WHERE u.user_id = $1 RETURNING ${ACCOUNT}, u.auth_version AS version`,
        [userId, role ?? null, active ?? null],
      );
      return changed;
    },
  };
}
export type UsersRepository = ReturnType<typeof createUsersRepository>;
