import type { Sql } from '@tenfold/db';
import type { OrderItem } from './price-items.ts';
import { ORDER_STATES, type OrderRef, type OrderState, type PaymentState } from './states.ts';

export interface Address {
  name: string;
  line1: string;
  line2?: string;
  city: string;
  region?: string;
  postalCode: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

/** An order as it stands; amounts in minor units of its currency. */
export interface Order {
  userId: string;
  id: string;
  state: OrderState;
  currency: string;
  itemsAmount: number;
  shippingAmount: number;
  /** Included in the other two. */
  taxAmount: number;
  totalAmount: number;
  items: OrderItem[];
  paymentId: string;
  paymentMethod: string;
  paymentState: PaymentState;
  shippingAddress: Address | null;
  createdAt: string;
  updatedAt: string;
  /** When its stock goes back to the shelf, unless it is paid. */
  expiresAt: string;
}

const SELECT = `
  SELECT o.user_id AS "userId", o.id, o.state, o.currency, o.items_amount AS "itemsAmount", o.shipping_amount AS "shippingAmount",
    o.tax_amount AS "taxAmount", o.total_amount AS "totalAmount", o.shipping_address AS "shippingAddress",
    o.created_at AS "createdAt", o.updated_at AS "updatedAt", o.expires_at AS "expiresAt",
    p.id AS "paymentId", p.method AS "paymentMethod", p.state AS "paymentState",
    (SELECT json_agg(json_build_object('sku', i.sku, 'productName', i.product_name, 'variantName', i.variant_name,
        'quantity', i.quantity, 'unitAmount', i.unit_amount) ORDER BY i.position)
      FROM order_items i WHERE i.user_id = o.user_id AND i.order_id = o.id) AS items
  FROM orders o JOIN payments p ON p.user_id = o.user_id AND p.order_id = o.id`;
const ONE = `${SELECT} WHERE o.user_id = $1 AND o.id = $2`;
const MINE = `${SELECT} WHERE o.user_id = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3`;
const BY_STATE = `${SELECT} WHERE o.state = $1 AND o.id > $2 ORDER BY o.id LIMIT $3`;

/** Stamps of one user's orders grow with their ids, so that the primary key finds the newest. */
const NEWEST_CART_STAMP = `
  SELECT cart_stamp AS stamp FROM orders WHERE user_id = $1 AND cart_stamp IS NOT NULL ORDER BY id DESC LIMIT 1`;

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

export interface Page {
  limit: number;
  /** The id of the last order of the page before. */
  after?: string | undefined;
}

/** One order of a user's. */
export async function findOrder(sql: Sql, { userId, orderId }: OrderRef): Promise<Order | undefined> {
  const [order] = await sql.query<Order>(ONE, [userId, orderId]);
  return order;
}

/** The newest line of the cart that an order was made from; undefined when it wasn't. */
export async function cartStampOf(sql: Sql, { userId, orderId }: OrderRef): Promise<number | undefined> {
  const [row] = await sql.query<{ stamp: number | null }>('SELECT cart_stamp AS stamp FROM orders WHERE user_id = $1 AND id = $2', [
    userId,
    orderId,
  ]);
  return row?.stamp ?? undefined;
}

/**
 * The newest line of the cart that a user has ordered; undefined when there is none. Until the caller's transaction ends, nobody
 * else who asks is told: of two orders that have seen the same cart, the second learns of the first.
 *
 * The lock is a statement of its own, since a statement sees only what was committed before it began to wait.
 */
export async function newestCartStamp(tx: Sql, userId: string): Promise<number | undefined> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('cart ' || $1::text, 0))", [userId]);
  const [row] = await tx.query<{ stamp: number }>(NEWEST_CART_STAMP, [userId]);
  return row?.stamp;
}

/** A user's orders, newest first. */
export function listOrders(sql: Sql, userId: string, { limit, after }: Page): Promise<Order[]> {
  return sql.query<Order>(MINE, [userId, after ?? AFTER_ALL, limit]);
}

/** Everybody's orders in one state, oldest first: for staff, who work through them. */
export function listOrdersByState(sql: Sql, state: OrderState, { limit, after }: Page): Promise<Order[]> {
  return sql.query<Order>(BY_STATE, [state, after ?? BEFORE_ALL, limit]);
}

/**
 * Whose an order is, for staff who have only its number: one of the few reads that go across users. The index that lists
 * orders by state finds it, state by state.
 */
export async function findOwner(sql: Sql, orderId: string): Promise<string | undefined> {
  const [found] = await sql.query<{ userId: string }>('SELECT user_id AS "userId" FROM orders WHERE state = ANY($1) AND id = $2', [
    ORDER_STATES,
    orderId,
  ]);
  return found?.userId;
}
