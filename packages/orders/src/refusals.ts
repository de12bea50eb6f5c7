import type { OrderState, PaymentState } from './states.ts';

/** A field of the request, as a client would find it: `items.0.sku`. */
interface FieldError {
  field: string;
  message: string;
}

/** Why something can't be done, in words for the client. Nothing of what was asked for has been done. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Stable, for programs; in upper case, as errors' codes are. */
  readonly code: string;
  /** The HTTP status that says the same. */
  readonly statusCode: 404 | 409 | 422;
  readonly fields: FieldError[] | undefined;

  constructor(code: string, statusCode: 404 | 409 | 422, message: string, fields?: FieldError[]) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.fields = fields;
  }
}

/** Where in the request an item is, for messages about it. */
const at = (index: number, field: string) => `items.${index}.${field}`;

export const unknownSku = (sku: string, index: number) =>
  new Refusal('SKU_NOT_FOUND', 422, `There is no variant ${sku}`, [{ field: at(index, 'sku'), message: 'is not a variant' }]);

export const archivedSku = (sku: string, index: number) =>
  new Refusal('SKU_ARCHIVED', 422, `${sku} is no longer sold`, [{ field: at(index, 'sku'), message: 'is no longer sold' }]);

export const outOfStock = (sku: string, index: number, wanted: number) =>
  new Refusal('OUT_OF_STOCK', 409, `There are not ${wanted} of ${sku} left`, [
    { field: at(index, 'quantity'), message: 'is more than there are' },
  ]);

export const mixedCurrencies = (currencies: readonly string[]) =>
  new Refusal('MIXED_CURRENCIES', 422, `One order has one currency, not ${currencies.join(' and ')}`, [
    { field: 'items', message: 'have prices in different currencies' },
  ]);

export const amountTooLarge = () =>
  new Refusal('AMOUNT_TOO_LARGE', 422, 'The order costs more than one payment can carry', [
    { field: 'items', message: 'cost too much together' },
  ]);

export const notSentThere = (country: string, currency: string) =>
  new Refusal('SHIPPING_UNAVAILABLE', 422, `What is sold in ${currency} is not sent to ${country}`, [
    { field: 'shippingAddress.country', message: 'is not a country that this order can be sent to' },
  ]);

export interface PriceChange {
  sku: string;
  index: number;
  expected: string;
  actual: string;
}

export const pricesChanged = (changes: readonly PriceChange[]) =>
  new Refusal(
    'PRICE_CHANGED',
    409,
    changes.map(({ sku, expected, actual }) => `${sku} costs ${actual}, not ${expected}`).join('; '),
    changes.map(({ index, expected, actual }) => ({
      field: at(index, 'expectedUnitPrice'),
      message: `is ${expected}, but the price is ${actual}`,
    })),
  );

export const orderNotFound = (orderId: string) => new Refusal('ORDER_NOT_FOUND', 404, `There is no order ${orderId}`);

export const cartIsEmpty = () =>
  new Refusal('CART_EMPTY', 409, 'There is nothing in the cart, and no items were given', [{ field: 'items', message: 'are missing' }]);

/** @param payment where it is the payment that stands in the way. */
export const wrongState = (code: string, done: string, state: OrderState, payment?: PaymentState) => {
  const under = payment === 'refunding' ? ' and whose refund is under way' : '';
  return new Refusal(code, 409, `An order that is ${state.replace('_', ' ')}${under} can't be ${done}`);
};
