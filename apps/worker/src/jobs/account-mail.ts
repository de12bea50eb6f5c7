import type { MailTokenKind } from '@tenfold/auth';
import type { Sql } from '@tenfold/db';
import type { EffectRun, Payload } from '@tenfold/queue';
import { newDeviceMail, resetPasswordMail, tokenReuseMail, verifyEmailMail } from '../mail/account-mails.ts';
import type { Mail } from '../mail/mailer.ts';
import type { JobContext } from './context.ts';
import { mailLater, writtenAt } from './later.ts';
import { addressOf } from './receipt.ts';

/** Hours that a token is good for. */
const LIFETIME: Readonly<Record<MailTokenKind, number>> = { verify_email: 24, reset_password: 1 };

/** Mails of one kind to one account an hour: more would be somebody else's game with its inbox. */
const MOST_AN_HOUR = 3;

/** Mails about an account. That there is none for an address is found out here, where nobody can see how long it takes. */
export async function sendAccountMail(context: JobContext, run: EffectRun): Promise<void> {
  if (run.event.topic !== 'account.mail') throw new Error(`${run.event.topic} is not about an account`);
  const mail = await compose(context, run, run.event.payload);
  if (mail) await context.mailer.send(mail).catch((error: unknown) => mailLater(run, error));
  await run.commit(async () => undefined);
}

async function compose(context: JobContext, { eventId }: EffectRun, payload: Payload<'account.mail'>): Promise<Mail | undefined> {
  const { db, mailTokens, publicUrl } = context;
  const userId = payload.kind === 'reset_password' ? await findAccount(db.primary, payload.email) : payload.userId;
  const to = userId && (await addressOf(db.primary, userId));
  if (!userId || !to) return undefined;
  const id = `${eventId}.${payload.kind}`;
  if (payload.kind === 'new_device') return newDeviceMail(id, to, timeOf(eventId), payload.userAgent);
  if (payload.kind === 'token_reuse') return tokenReuseMail(id, to, timeOf(eventId));
  if (!(await storeToken(db.primary, userId, eventId, payload.kind))) return undefined;
  const token = mailTokens.format(payload.kind, { userId, id: eventId });
  return (payload.kind === 'verify_email' ? verifyEmailMail : resetPasswordMail)({ id, to, publicUrl, token });
}

/** @returns undefined for an address without an account, or with one that is closed. */
async function findAccount(sql: Sql, email: string): Promise<string | undefined> {
  const [entry] = await sql.query<{ userId: string }>('SELECT user_id AS "userId" FROM email_directory WHERE email = $1', [email]);
  if (!entry) return undefined;
  const active = await sql.query('SELECT 1 FROM users WHERE user_id = $1 AND active', [entry.userId]);
  return active.length > 0 ? entry.userId : undefined;
}

/**
 * Before the mail leaves: its token has to be good when it arrives.
 *
 * @returns false when the account has had enough of them, or the mail has waited for longer than its token is good.
 */
async function storeToken(sql: Sql, userId: string, id: string, kind: MailTokenKind): Promise<boolean> {
  const [row] = await sql.query<{ sent: number }>(
    `SELECT count(*)::int AS sent FROM mail_tokens
     WHERE user_id = $1 AND kind = $2 AND created_at > now() - interval '1 hour' AND id <> $3`,
    [userId, kind, id],
  );
  if ((row?.sent ?? 0) >= MOST_AN_HOUR) return false;
  const [token] = await sql.query<{ good: boolean }>(
    // The no-op update makes RETURNING answer for a token that an earlier try has stored.
    `INSERT INTO mail_tokens (user_id, id, kind, expires_at) VALUES ($1, $2, $3, now() + make_interval(hours => $4))
     ON CONFLICT (user_id, id) DO UPDATE SET id = excluded.id RETURNING expires_at > now() AS good`,
    [userId, id, kind, LIFETIME[kind]],
  );
  return token?.good === true;
}

/** When an event was written, for people. */
function timeOf(eventId: string): string {
  const at = new Date(writtenAt(eventId));
  return `${at.toISOString().slice(0, 16).replace('T', ' at ')} UTC`;
}
