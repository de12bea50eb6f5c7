export type { Actor } from './audit.ts';
export { type Expired, leaseExpired } from './expiry.ts';
export { type Claim, claimKey, forgetOldKeys, type KeyScope, type StoredAnswer, storeAnswer } from './idempotency.ts';
export {
  type Address,
  cartStampOf,
  findOrder,
  findOwner,
  listOrders,
  listOrdersByState,
  newestCartStamp,
  type Order,
  type Page,
} from './order.ts';
export { type Charge, findPayment, markPaymentCancelled, markPaymentUnknown, type Payment, startCharge } from './payments.ts';
export { place, type PlaceOptions, type PlaceOrder } from './place.ts';
export type { OrderItem, WantedItem } from './price-items.ts';
export { type Basket, type Charges, createPricing, type Pricing, type Zone, ZONES } from './pricing.ts';
export { cartIsEmpty, orderNotFound, Refusal, wrongState } from './refusals.ts';
export {
  OPEN_PAYMENT_STATES,
  ORDER_STATES,
  type OrderRef,
  type OrderState,
  type PaymentRef,
  type PaymentState,
  type Provider,
} from './states.ts';
export { type Settlement, settlePayment } from './settle.ts';
export { setStock } from './stock.ts';
export { cancel, expire, fulfil, markPaid, markPaymentFailed, markRefunded, type Released, requestRefund } from './transitions.ts';
