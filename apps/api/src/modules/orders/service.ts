import type { Db, Sql } from '@tenfold/db';
import {
  type Actor,
  cancel,
  findOrder,
  findOwner,
  fulfil,
  listOrders,
  listOrdersByState,
  type Order as StoredOrder,
  orderNotFound,
  type OrderRef,
  requestRefund,
  type StoredAnswer,
  wrongState,
} from '@tenfold/orders';
import type { Position } from '@tenfold/runtime';
import type { Cursors } from '../../cursor.ts';
import { withField } from '../../plugins/problems.ts';
import { InvalidCursor } from '../catalogue/errors.ts';
import type { Availability } from './availability.ts';
import { toBody, toStaffBody } from './body.ts';
import type { CustomerOrder, ListAllOrders, ListOrders, Order } from './schemas.ts';

interface OrdersOptions {
  db: Db;
  cursors: Cursors;
  availability: Availability;
}

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

type Answered = (answer: StoredAnswer) => Promise<void>;

/** What shoppers and staff do with orders. Those that write take part in the caller's transaction, and throw a Refusal before they have written. */
export function createOrders({ db, cursors, availability }: OrdersOptions) {
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

  return {
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

async function currentOrder(tx: Sql, ref: OrderRef): Promise<StoredOrder> {
  const order = await findOrder(tx, ref);
  if (!order) throw orderNotFound(ref.orderId);
  return order;
}

async function owned(tx: Sql, orderId: string): Promise<OrderRef> {
  const userId = await findOwner(tx, orderId);
  if (userId === undefined) throw orderNotFound(orderId);
  return { userId, orderId };
}
