import { ProviderLeftInPeace, ProviderUnavailable } from '@tenfold/payments';
import { RetryLater } from '@tenfold/queue';

/** Milliseconds after which a provider that was left in peace is thought of again, at least and besides. */
const PEACE = 1000;
const SPREAD = 2000;

/** A provider that gave no answer is asked again later; whatever else went wrong stays what it is. */
export function later(error: unknown): never {
  // Not having asked is no failure of this job's, so its wait does not grow.
  if (error instanceof ProviderLeftInPeace) throw new RetryLater(error.message, PEACE + Math.random() * SPREAD);
  throw error instanceof ProviderUnavailable ? new RetryLater(error.message) : error;
}
