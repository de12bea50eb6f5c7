import { createHash } from 'node:crypto';
import type { Sql } from '@tenfold/db';
import { type OutboxHint, writeOutbox } from '@tenfold/queue';

/**
 * Asks the worker to write to an account's owner, in the caller's transaction; `sent` after it has committed.
 * Nothing here is waited for by who signs in: a mail server that is down keeps nobody out.
 */
export function createAccountMails(hint: OutboxHint) {
  return {
    verifyEmail: (tx: Sql, userId: string) => writeOutbox(tx, userId, { topic: 'account.mail', payload: { kind: 'verify_email', userId } }),

    /** By the address alone, whether or not it has an account: the caller does the same for both, and learns nothing. */
    resetPassword: (tx: Sql, address: string) =>
      writeOutbox(tx, placeOf(address), { topic: 'account.mail', payload: { kind: 'reset_password', email: address } }),

    tokenReuse: (tx: Sql, userId: string, sessionId: string) =>
      writeOutbox(tx, userId, { topic: 'account.mail', payload: { kind: 'token_reuse', userId, sessionId } }),

    /** When somebody signs in whom this account has not seen with this program; not for the first of all. */
    async newDevice(tx: Sql, userId: string, userAgent: string | undefined): Promise<void> {
      const device = userAgent?.slice(0, 256);
      const [seen] = await tx.query<{ sessions: number; same: number }>(
        `SELECT count(*)::int AS sessions, (count(*) FILTER (WHERE user_agent IS NOT DISTINCT FROM $2))::int AS same
         FROM sessions WHERE user_id = $1`,
        [userId, device ?? null],
      );
      if (!seen || seen.sessions === 0 || seen.same > 0) return;
      const payload = { kind: 'new_device', userId, ...(device && { userAgent: device }) } as const;
      await writeOutbox(tx, userId, { topic: 'account.mail', payload });
    },

    sent: () => hint.wake(),
  };
}
export type AccountMails = ReturnType<typeof createAccountMails>;

/** Where in the distributed outbox an address without a user id has its place. */
function placeOf(address: string): string {
  const digest = createHash('sha256').update(address).digest('hex');
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
