import type { MailTokens } from '@tenfold/auth';
import type { Db } from '@tenfold/db';
import type { Actor } from '@tenfold/orders';
import type { PaymentProvider } from '@tenfold/payments';
import type { OutboxHint } from '@tenfold/queue';
import type { Logger } from '@tenfold/runtime';
import type { Availability } from '../availability.ts';
import type { Mailer } from '../mail/mailer.ts';

/** What jobs work with. */
export interface JobContext {
  db: Db;
  provider: PaymentProvider;
  mailer: Mailer;
  mailTokens: MailTokens;
  hint: OutboxHint;
  availability: Availability;
  logger: Logger;
  /** This process, for the records of what it does. */
  name: string;
  /** Where links in mails lead. */
  publicUrl: string;
  /** Seconds that a worker has to let an order expire. */
  expiryLease: number;
}

/** Who is recorded for what a job does: nobody asked for it, and the event stands for the request. */
export function actorOf({ name }: Pick<JobContext, 'name'>, requestId: string): Actor {
  return { userId: null, requestId, replica: name };
}
