/**
 * pending -> paid -> fulfilled; paid or fulfilled -> refunded; pending -> payment_failed, cancelled or expired.
 * Every move is one conditional UPDATE, so that of any number at once just one takes place.
 */
export const ORDER_STATES = ['pending', 'paid', 'fulfilled', 'refunded', 'payment_failed', 'cancelled', 'expired'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/**
 * pending      nobody has asked the provider yet
 * authorising  asked; the answer is under way
 * unknown      asked, and the answer was lost: the provider has to be asked what became of it
 */
export type PaymentState = 'pending' | 'authorising' | 'unknown' | 'captured' | 'declined' | 'cancelled' | 'refunding' | 'refunded';

/** Of payments that may still be captured. */
export const OPEN_PAYMENT_STATES: readonly PaymentState[] = ['pending', 'authorising', 'unknown'];

export type Provider = 'sandbox' | 'stripe';

/** Both ids of something that belongs to a user: the first says on which shard it is. */
export interface OrderRef {
  userId: string;
  orderId: string;
}

export interface PaymentRef {
  userId: string;
  paymentId: string;
}
