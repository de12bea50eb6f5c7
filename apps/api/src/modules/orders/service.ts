import createError from '@fastify/error';
import type { Db, Sql } from '@tenfold/db';
import {
  type Actor,
  cancel,
  cartIsEmpty,
  findOrder,
  findOwner,
  fulfil,
  listOrders,
  listOrdersByState,
  type Order as StoredOrder,
  orderNotFound,
  type OrderRef,
  place,
  type Pricing,
  type Provider,
  requestRefund,
  type StoredAnswer,
  type WantedItem,
  wrongState,
} from '@tenfold/orders';
import type { Position } from '@tenfold/runtime';
import type { Cursors } from '../../cursor.ts';
import { withField } from '../../plugins/problems.ts';
import type { Asker, Carts } from '../cart/service.ts';
import { InvalidCursor } from '../catalogue/errors.ts';
import type { Availability } from './availability.ts';
import { toBody, toStaffBody } from './body.ts';
import type { CustomerOrder, ListAllOrders, ListOrders, Order, PlaceOrder } from './schemas.ts';

const DuplicateSku = createError('INVALID_REQUEST', 'The items name %s twice', 400);

interface OrdersOptions {
  db: Db;
  carts: Carts;
  cursors: Cursors;
  pricing: Pricing;
  provider: Provider;
  /** Seconds. */
  reservation: number;
  availability: Availability;
}

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

type Answered = (answer: StoredAnswer) => Promise<void>;

/** What shoppers and staff do with orders. Those that write take part in the caller's transaction, and throw a Refusal before they have written. */
export function createOrders({ db, carts, cursors, pricing, provider, reservation, availability }: OrdersOptions) {
  const owners = (after: Position | undefined): Sql => (after === undefined ? db.primary : db.replica(after));

  /** Reads one more than asked for, to know whether there is a next page. */
  async function page<T extends { id: string }>(
    { limit, cursor }: ListOrders,
    filters: string,
    read: (limit: number, after: string | undefined) => Promise<T[]>,
  ): Promise<Page<T>> {
    const end = cursor === undefined ? undefined : cursors.verify(cursor, filters);
    if (cursor !== undefined && !end) throw withField(new InvalidCursor(), 'cursor', 'was not issued by this list for these filters');
    const rows = await read(limit + 1, end?.[1]);
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, nextCursor: last ? cursors.issue(['', last.id], filters) : null };
  }

  /** What the order is for: the list of the request, or the cart. */
  async function wantedItems(asker: Asker, { items }: PlaceOrder): Promise<{ items: WantedItem[]; cartStamp?: number }> {
    if (items) return { items: items.map(toWanted) };
    const lines = await carts.linesOf(asker);
    if (lines.length === 0) throw cartIsEmpty();
    return { items: lines, cartStamp: Math.max(...lines.map(({ stamp }) => stamp)) };
  }

  async function currentOrder(tx: Sql, ref: OrderRef): Promise<StoredOrder> {
    const order = await findOrder(tx, ref);
    if (!order) throw orderNotFound(ref.orderId);
    return order;
  }

  return {
    /** @throws DuplicateSku for a body that no key should be used up for. */
    check({ items = [] }: PlaceOrder): void {
      const skus = items.map(({ sku }) => sku);
      const again = skus.findIndex((sku, index) => skus.indexOf(sku) < index);
      if (again >= 0) throw withField(new DuplicateSku(skus[again]), `items.${again}.sku`, 'is there twice');
    },

    /** @returns what is left to do once it is committed. */
    async place(tx: Sql, asker: Asker & { userId: string }, body: PlaceOrder, actor: Actor, answered: Answered): Promise<() => Promise<void>> {
      const { userId } = asker;
      const { paymentMethod, shippingAddress } = body;
      const { items, cartStamp } = await wantedItems(asker, body);
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
      const [row] = await db.primary.query<{ stamp: number | null }>(
        'SELECT cart_stamp AS stamp FROM orders WHERE user_id = $1 AND id = $2',
        [ref.userId, ref.orderId],
      );
      if (row?.stamp) await carts.takeOut(ref.userId, row.stamp);
    },

    async find(ref: OrderRef, after: Position | undefined): Promise<Order> {
      return toBody(await currentOrder(owners(after), ref));
    },

    async list(userId: string, query: ListOrders, after: Position | undefined): Promise<Page<Order>> {
      const found = await page(query, userId, (limit, last) => listOrders(owners(after), userId, { limit, after: last }));
      return { ...found, items: found.items.map(toBody) };
    },

    async listAll({ state, ...query }: ListAllOrders): Promise<Page<CustomerOrder>> {
      const found = await page(query, `all ${state}`, (limit, last) => listOrdersByState(db.primary, state, { limit, after: last }));
      return { ...found, items: found.items.map(toStaffBody) };
    },

    /** Twice is once. @throws Refusal when it is no longer pending. */
    async cancel(tx: Sql, ref: OrderRef, actor: Actor, answered: Answered): Promise<() => Promise<void>> {
      const released = await cancel(tx, ref, actor);
      const order = await currentOrder(tx, ref);
      if (!released && order.state !== 'cancelled') throw wrongState('ORDER_NOT_CANCELLABLE', 'cancelled', order.state);
      await answered({ status: 200, body: JSON.stringify(toBody(order)), location: null });
      return async () => availability.refilled(released?.refilled ?? []);
    },

    /** Twice is once. @throws Refusal when it isn't paid. */
    async fulfil(tx: Sql, orderId: string, actor: Actor, answered: Answered): Promise<void> {
      const ref = await owned(tx, orderId);
      const done = await fulfil(tx, ref, actor);
      const order = await currentOrder(tx, ref);
      if (!done && order.state !== 'fulfilled') throw wrongState('ORDER_NOT_FULFILLABLE', 'fulfilled', order.state, order.paymentState);
      await answered({ status: 200, body: JSON.stringify(toStaffBody(order)), location: null });
    },

    /** Begins to give the money back; twice is once. @throws Refusal when there is none to give back. */
    async refund(tx: Sql, orderId: string, actor: Actor, answered: Answered): Promise<void> {
      const ref = await owned(tx, orderId);
      const begun = await requestRefund(tx, ref, actor);
      const order = await currentOrder(tx, ref);
      const done = ['refunding', 'refunded'].includes(order.paymentState);
      if (!begun && !done) throw wrongState('ORDER_NOT_REFUNDABLE', 'refunded', order.state, order.paymentState);
      await answered({ status: 202, body: JSON.stringify(toStaffBody(order)), location: null });
    },
  };
}
export type Orders = ReturnType<typeof createOrders>;

async function owned(tx: Sql, orderId: string): Promise<OrderRef> {
  const userId = await findOwner(tx, orderId);
  if (userId === undefined) throw orderNotFound(orderId);
  return { userId, orderId };
}

function toWanted({ sku, quantity, expectedUnitPrice }: NonNullable<PlaceOrder['items']>[number]): WantedItem {
  const expected = typeof expectedUnitPrice === 'number' ? { amount: expectedUnitPrice } : expectedUnitPrice;
  return { sku, quantity, expected };
}
