import type { MailToken, MailTokenKind, MailTokens, Passwords, Revocations, Sessions } from '@tenfold/auth';
import { type Db, type Sql, recordAudit } from '@tenfold/db';
import { useUpResets } from '../repository.ts';
import { patiently, toAddress } from '../service.ts';
import type { AccountMails } from './account-mails.ts';
import { MailTokenInvalid } from './errors.ts';

interface Options {
  db: Db;
  tokens: MailTokens;
  mails: AccountMails;
  sessions: Sessions;
  passwords: Passwords;
  revocations: Revocations;
}

interface Request {
  requestId: string;
  replica: string;
}

const USE = `
  UPDATE mail_tokens SET used_at = now()
  WHERE user_id = $1 AND id = $2 AND kind = $3 AND used_at IS NULL AND expires_at > now() RETURNING id`;
const SET_PASSWORD = `
  UPDATE users SET password_hash = $2, email_verified_at = coalesce(email_verified_at, now())
  WHERE user_id = $1 AND active RETURNING user_id`;
const SET_VERIFIED = 'UPDATE users SET email_verified_at = coalesce(email_verified_at, now()) WHERE user_id = $1 RETURNING user_id';
const UNVERIFIED = 'SELECT 1 FROM users WHERE user_id = $1 AND active AND email_verified_at IS NULL';

/** What the owner of a mailbox may do with a token out of it: once, and for a while. */
export function createMailedTokens({ db, tokens, mails, sessions, passwords, revocations }: Options) {
  const parse = (kind: MailTokenKind, text: string) => {
    const token = tokens.parse(kind, text);
    if (!token) throw new MailTokenInvalid();
    return token;
  };
  return {
    /** The same work and the same silence for every address. @throws InvalidEmail */
    async forgotPassword(email: string): Promise<void> {
      await db.primary.transaction((tx) => mails.resetPassword(tx, toAddress(email)));
      mails.sent();
    },

    /** Ends all sessions: who has lost a password may have lost it to somebody. @throws MailTokenInvalid, SignInOverloaded */
    async resetPassword(text: string, password: string, request: Request): Promise<void> {
      const token = parse('reset_password', text);
      const { userId } = token;
      const passwordHash = await patiently(passwords.hash(password));
      const { value: ended } = await db.primary.transaction(async (tx) => {
        // The account's lock first: two who come with different tokens wait for each other, and never in a circle.
        const changed = await tx.query(SET_PASSWORD, [userId, passwordHash]);
        if (changed.length === 0) throw new MailTokenInvalid();
        await use(tx, 'reset_password', token);
        await useUpResets(tx, userId); // those in older mails
        await recordAudit(tx, { userId, action: 'password.reset', subject: `user:${userId}`, ...request });
        return sessions.revokeAll(tx, userId, 'password reset');
      });
      revocations.announce(ended.map((sessionId) => ({ kind: 'session', sessionId }) as const));
    },

    /** For who has lost the mail that registering sent; nothing where there is nothing to verify. */
    async verificationMail(userId: string): Promise<void> {
      const { value: unverified } = await db.primary.transaction(async (tx) => {
        const [user] = await tx.query(UNVERIFIED, [userId]);
        if (user) await mails.verifyEmail(tx, userId);
        return user !== undefined;
      });
      if (unverified) mails.sent();
    },

    /** @throws MailTokenInvalid */
    async verifyEmail(text: string, request: Request): Promise<void> {
      const token = parse('verify_email', text);
      const { userId } = token;
      await db.primary.transaction(async (tx) => {
        await use(tx, 'verify_email', token);
        await tx.query(SET_VERIFIED, [userId]);
        await recordAudit(tx, { userId, action: 'email.verified', subject: `user:${userId}`, ...request });
      });
    },
  };
}
async function use(tx: Sql, kind: MailTokenKind, { userId, id }: MailToken): Promise<void> {
  const used = await tx.query(USE, [userId, id, kind]);
  if (used.length === 0) throw new MailTokenInvalid();
}

export type MailedTokens = ReturnType<typeof createMailedTokens>;
