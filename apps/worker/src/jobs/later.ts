import { ProviderLeftInPeace, ProviderUnavailable } from '@tenfold/payments';
import { type EffectRun, RetryLater } from '@tenfold/queue';
import { MailServerUnavailable } from '../mail/mailer.ts';

/** Milliseconds after which a provider that was left in peace is thought of again, at least and besides. */
const PEACE = 1000;
const SPREAD = 2000;

/** A provider that gave no answer is asked again later; whatever else went wrong stays what it is. */
export function later(error: unknown): never {
  // Not having asked is no failure of this job's, so its wait does not grow.
  if (error instanceof ProviderLeftInPeace) throw new RetryLater(error.message, PEACE + Math.random() * SPREAD);
  throw error instanceof ProviderUnavailable ? new RetryLater(error.message) : error;
}

/** Milliseconds until a mail is tried again, at least and at most. */
const SOONEST = 250;
const LATEST = 300_000;
/** Milliseconds for which a mail is tried: five days, as mail servers do among themselves (RFC 5321, section 4.5.4.1). */
const GIVE_UP_AFTER = 432_000_000;

/** A mail that its server does not take now is sent later: the longer it has waited, the less often it is tried. */
export function mailLater({ eventId }: EffectRun, error: unknown): never {
  const waited = Date.now() - writtenAt(eventId);
  if (!(error instanceof MailServerUnavailable) || waited > GIVE_UP_AFTER) throw error;
  throw new RetryLater(error.message, Math.min(Math.max(waited / 4, SOONEST), LATEST));
}

/** When an event was written, in milliseconds of the epoch: the first 48 bits of a UUIDv7. */
export function writtenAt(eventId: string): number {
  return Number.parseInt(eventId.replace('-', '').slice(0, 12), 16);
}
