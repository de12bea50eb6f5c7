import createError from '@fastify/error';
import type { Db, Sql } from '@tenfold/db';
import {
  type Actor,
  cartIsEmpty,
  cartStampOf,
  type Order as StoredOrder,
  type OrderRef,
  place,
  type Pricing,
  type Provider,
  type StoredAnswer,
  type WantedItem,
} from '@tenfold/orders';
import { withField } from '../../plugins/problems.ts';
import type { Asker, Carts } from '../cart/service.ts';
import type { Availability } from './availability.ts';
import { toBody } from './body.ts';
import type { PlaceOrder } from './schemas.ts';

const DuplicateSku = createError('INVALID_REQUEST', 'The items name %s twice', 400);

interface CheckoutOptions {
  db: Db;
  carts: Carts;
  pricing: Pricing;
  provider: Provider;
  /** Seconds. */
  reservation: number;
  availability: Availability;
}

/** Who buys, by which request. */
interface Buyer extends Asker {
  userId: string;
  actor: Actor;
}

/** From a cart, or a list of items, to an order. */
export function createCheckout({ db, carts, pricing, provider, reservation, availability }: CheckoutOptions) {
  /** What the order is for: the list of the request, or the cart, which is looked at only now. */
  async function wantedItems(buyer: Buyer, { items }: PlaceOrder): Promise<{ items: WantedItem[]; cartStamp?: number }> {
    if (items) return { items: items.map(toWanted) };
    const lines = await carts.linesOf(buyer);
    if (lines.length === 0) throw cartIsEmpty();
    return { items: lines, cartStamp: Math.max(...lines.map(({ stamp }) => stamp)) };
  }

  return {
    /** @throws DuplicateSku for a body that no key should be used up for. */
    check({ items = [] }: PlaceOrder): void {
      const skus = items.map(({ sku }) => sku);
      const again = skus.findIndex((sku, index) => skus.indexOf(sku) < index);
      if (again >= 0) throw withField(new DuplicateSku(skus[again]), `items.${again}.sku`, 'is there twice');
    },

    /**
     * Places the order in the caller's transaction.
     *
     * @returns what is left to do once that is committed.
     * @throws Refusal, with nothing left behind in the transaction.
     */
    async place(tx: Sql, buyer: Buyer, body: PlaceOrder, answered: (answer: StoredAnswer) => Promise<void>): Promise<() => Promise<void>> {
      const { userId, actor } = buyer;
      const { paymentMethod, shippingAddress } = body;
      const { items, cartStamp } = await wantedItems(buyer, body);
      const wanted = { userId, items, provider, paymentMethod, shippingAddress, cartStamp };
      const alongside = (order: StoredOrder) =>
        answered({ status: 201, body: JSON.stringify(toBody(order)), location: `/v1/orders/${order.id}` });
      const { emptied } = await place(tx, wanted, { pricing, reservation, actor, alongside });
      return async () => {
        availability.emptied(emptied);
        if (cartStamp !== undefined) await carts.takeOut(userId, cartStamp);
      };
    },

    /** After a replay: the replica that placed the order may have died before it had emptied the cart. */
    async takeOutAgain(ref: OrderRef): Promise<void> {
      const stamp = await cartStampOf(db.primary, ref);
      if (stamp !== undefined) await carts.takeOut(ref.userId, stamp);
    },
  };
}
export type Checkout = ReturnType<typeof createCheckout>;

function toWanted({ sku, quantity, expectedUnitPrice }: NonNullable<PlaceOrder['items']>[number]): WantedItem {
  const expected = typeof expectedUnitPrice === 'number' ? { amount: expectedUnitPrice } : expectedUnitPrice;
  return { sku, quantity, expected };
}
