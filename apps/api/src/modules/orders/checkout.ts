import createError from '@fastify/error';
import type { Db, Sql } from '@tenfold/db';
import {
  type Actor,
  cartIsEmpty,
  cartStampOf,
  newestCartStamp,
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
import type { CartLine } from '../cart/store.ts';
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

/** What was in the cart, or why nobody knows. */
type Look = { lines: CartLine[] } | { error: unknown };

/** Who has to be told, and when. */
interface Tell {
  answered: (answer: StoredAnswer) => Promise<void>;
  /** Takes what is left to do once the transaction is committed; the last call counts. */
  afterwards: (work: () => Promise<void>) => void;
}

interface Wanted {
  items: WantedItem[];
  cartStamp?: number;
}

/** From a cart, or a list of items, to an order. */
export function createCheckout({ db, carts, pricing, provider, reservation, availability }: CheckoutOptions) {
  return {
    /** @throws DuplicateSku for a body that no key should be used up for. */
    check({ items = [] }: PlaceOrder): void {
      const skus = items.map(({ sku }) => sku);
      const again = skus.findIndex((sku, index) => skus.indexOf(sku) < index);
      if (again >= 0) throw withField(new DuplicateSku(skus[again]), `items.${again}.sku`, 'is there twice');
    },

    /**
     * Looks into the cart of who orders what is in it. This comes before the transaction, which would hold a connection that
     * others need for as long as redis-state lets it wait.
     *
     * @returns what `place` will find there, unless it was ordered meanwhile, or fail for: a replay has to fail for nothing. Never
     * rejects.
     */
    async look(buyer: Buyer, { items }: PlaceOrder): Promise<Look> {
      if (items) return { lines: [] };
      return carts.linesOf(buyer).then(
        (lines) => ({ lines }),
        (error: unknown) => ({ error }),
      );
    },

    /**
     * Places the order in the caller's transaction.
     *
     * @param look from before the transaction.
     * @throws Refusal, with nothing left behind in the transaction.
     */
    async place(tx: Sql, { userId, actor }: Buyer, body: PlaceOrder, look: Look, { answered, afterwards }: Tell): Promise<void> {
      const { paymentMethod, shippingAddress } = body;
      const takeOut = (stamp: number) => afterwards(() => carts.takeOut(userId, stamp));
      const { items, cartStamp }: Wanted = body.items ? { items: body.items.map(toWanted) } : await notOrdered(tx, userId, look, takeOut);
      const wanted = { userId, items, provider, paymentMethod, shippingAddress, cartStamp };
      const alongside = (order: StoredOrder) =>
        answered({ status: 201, body: JSON.stringify(toBody(order)), location: `/v1/orders/${order.id}` });
      const { emptied } = await place(tx, wanted, { pricing, reservation, actor, alongside });
      afterwards(async () => {
        availability.emptied(emptied);
        if (cartStamp !== undefined) await carts.takeOut(userId, cartStamp);
      });
    },

    /** After a replay: the replica that placed the order may have died before it had emptied the cart. */
    async takeOutAgain(ref: OrderRef): Promise<void> {
      const stamp = await cartStampOf(db.primary, ref);
      if (stamp !== undefined) await carts.takeOut(ref.userId, stamp);
    },
  };
}
export type Checkout = ReturnType<typeof createCheckout>;

/**
 * What was in the cart, without what another order has taken since the look at it, or before and could not take out.
 *
 * @param takeOut is given the stamp of the order that has taken all of it.
 */
async function notOrdered(tx: Sql, userId: string, look: Look, takeOut: (stamp: number) => void): Promise<Wanted> {
  if ('error' in look) throw look.error;
  if (look.lines.length === 0) throw cartIsEmpty();
  const ordered = (await newestCartStamp(tx, userId)) ?? 0;
  const lines = look.lines.filter(({ stamp }) => stamp > ordered);
  if (lines.length === 0) {
    takeOut(ordered);
    throw cartIsEmpty();
  }
  return { items: lines, cartStamp: Math.max(...lines.map(({ stamp }) => stamp)) };
}

function toWanted({ sku, quantity, expectedUnitPrice }: NonNullable<PlaceOrder['items']>[number]): WantedItem {
  const expected = typeof expectedUnitPrice === 'number' ? { amount: expectedUnitPrice } : expectedUnitPrice;
  return { sku, quantity, expected };
}
