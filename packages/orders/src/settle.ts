import type { Sql } from '@tenfold/db';
import type { Actor } from './audit.ts';
import { markPaymentCancelled } from './payments.ts';
import type { PaymentRef } from './states.ts';
import { markPaid, markPaymentFailed, markRefunded } from './transitions.ts';

/** What a provider says has become of a payment. */
export interface Settlement {
  state: 'processing' | 'captured' | 'declined' | 'cancelled' | 'refunded';
  ref?: string | undefined;
  reason?: string | undefined;
}

/**
 * Takes a provider's word into the books, in the caller's transaction: whoever hears it first, in whatever order it comes
 * and however often. A payment that was called off says nothing about an order that still waits for it.
 *
 * @returns SKUs of which a bucket was empty and is not any more.
 */
export async function settlePayment(tx: Sql, payment: PaymentRef, { state, ref, reason }: Settlement, actor: Actor): Promise<string[]> {
  switch (state) {
    case 'captured':
      await markPaid(tx, payment, { providerRef: ref }, actor);
      return [];
    case 'declined':
      return (await markPaymentFailed(tx, payment, reason ?? 'declined', actor))?.refilled ?? [];
    case 'cancelled':
      await markPaymentCancelled(tx, payment);
      return [];
    case 'refunded':
      return (await markRefunded(tx, payment, actor))?.refilled ?? [];
    default:
      return [];
  }
}
