import type { Sql } from '@tenfold/db';
import { findOrder } from '@tenfold/orders';
import type { EffectRun } from '@tenfold/queue';
import { receiptMail } from '../mail/receipt.ts';
import type { JobContext } from './context.ts';
import { mailLater } from './later.ts';

/** Mails the receipt of a paid order. The same receipt is the same mail: who gets it twice, after a crash, can tell. */
export async function sendReceipt({ db, mailer }: JobContext, run: EffectRun): Promise<void> {
  if (run.event.topic !== 'order.paid') throw new Error(`${run.event.topic} has no receipt`);
  const order = await findOrder(db.primary, run.event.payload);
  const to = await addressOf(db.primary, run.event.payload.userId);
  if (!order || !to) throw new Error('the order or its buyer is gone');
  await mailer.send(receiptMail(`${run.eventId}.receipt`, to, order)).catch((error: unknown) => mailLater(run, error));
  await run.commit(async () => undefined);
}

/** Where a user's mail goes. */
export async function addressOf(sql: Sql, userId: string): Promise<string | undefined> {
  const [user] = await sql.query<{ email: string }>('SELECT email FROM users WHERE user_id = $1', [userId]);
  return user?.email;
}
