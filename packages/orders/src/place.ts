import type { Sql } from '@tenfold/db';
import { writeOutbox } from '@tenfold/queue';
import { type Actor, recordChange } from './audit.ts';
import type { Order, Address } from './order.ts';
import { type OrderItem, priceItems, type WantedItem } from './price-items.ts';
import type { Pricing } from './pricing.ts';
import { amountTooLarge, notSentThere, outOfStock } from './refusals.ts';
import type { Provider } from './states.ts';
import { type Reach, takeStock } from './stock.ts';

export interface PlaceOrder {
  userId: string;
  /** At least one; of different SKUs. */
  items: readonly WantedItem[];
  provider: Provider;
  paymentMethod: string;
  shippingAddress?: Address | undefined;
  /** The newest line of the cart that the items come from. */
  cartStamp?: number | undefined;
}

export interface PlaceOptions {
  pricing: Pricing;
  /** Seconds for which the stock is kept for an unpaid order. */
  reservation: number;
  actor: Actor;
  /** What else belongs into the transaction, before the rows that other buyers wait for are locked. */
  alongside?: (order: Order) => Promise<void>;
}

interface Placed {
  order: Order;
  /** SKUs of which a bucket is empty now. */
  emptied: string[];
}

interface Bill {
  currency: string;
  items: number;
  shipping: number;
  tax: number;
  total: number;
}

/** The largest amount that its column holds. */
const MAX_AMOUNT = 2_147_483_647;

const INSERT = `
  WITH o AS (
    INSERT INTO orders (user_id, currency, items_amount, shipping_amount, tax_amount, total_amount, shipping_address, cart_stamp, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9))
    RETURNING user_id, id, state, created_at, expires_at
  ), i AS (
    INSERT INTO order_items (user_id, order_id, sku, position, product_name, variant_name, quantity, unit_amount)
    SELECT o.user_id, o.id, x.sku, x.position - 1, x.product_name, x.variant_name, x.quantity, x.unit_amount
    FROM o, unnest($10::text[], $11::text[], $12::text[], $13::integer[], $14::integer[])
      WITH ORDINALITY AS x (sku, product_name, variant_name, quantity, unit_amount, position)
  ), p AS (
    INSERT INTO payments (user_id, order_id, provider, method, amount, currency)
    SELECT o.user_id, o.id, $15, $16, $6, $2 FROM o RETURNING id, state
  )
  SELECT o.id, o.state, o.created_at AS "createdAt", o.expires_at AS "expiresAt", p.id AS "paymentId", p.state AS "paymentState"
  FROM o, p`;

type Inserted = Pick<Order, 'id' | 'state' | 'createdAt' | 'expiresAt' | 'paymentId' | 'paymentState'>;

/**
 * Places an order in the caller's transaction: at the prices of this moment, with its items and payment, the event that
 * starts the payment and the audit record; last the stock, so that the rows for which others wait are held shortest.
 *
 * It tries one bucket of each SKU first, and all of them before it says that there isn't enough.
 *
 * @throws Refusal, with the transaction as it was before the call: it can go on and commit something else.
 */
export async function place(tx: Sql, wanted: PlaceOrder, options: PlaceOptions): Promise<Placed> {
  const { items, currency } = await priceItems(tx, wanted.items);
  const bill = makeBill(items, currency, wanted.shippingAddress?.country, options.pricing);
  const attempt = async (reach: Reach) => {
    const order = await write(tx, wanted, items, bill, options);
    return { order, ...(await takeStock(tx, { userId: wanted.userId, orderId: order.id }, items, reach)) };
  };
  await tx.query('SAVEPOINT before_order');
  let outcome = await attempt('bucket');
  if (outcome.short) {
    await tx.query('ROLLBACK TO SAVEPOINT before_order');
    outcome = await attempt('all');
  }
  if (!outcome.short) return outcome;
  await tx.query('ROLLBACK TO SAVEPOINT before_order');
  const { sku, quantity } = outcome.short;
  throw outOfStock(
    sku,
    items.findIndex((item) => item.sku === sku),
    quantity,
  );
}

function makeBill(items: readonly OrderItem[], currency: string, country: string | undefined, pricing: Pricing): Bill {
  const amount = items.reduce((sum, { unitAmount, quantity }) => sum + unitAmount * quantity, 0);
  const charges = pricing.quote({ amount, currency, country });
  if (!charges) throw notSentThere(country ?? '', currency);
  const total = amount + charges.shipping;
  if (total > MAX_AMOUNT) throw amountTooLarge();
  return { currency, items: amount, ...charges, total };
}

/** Everything of an order but its stock. */
async function write(tx: Sql, wanted: PlaceOrder, items: readonly OrderItem[], bill: Bill, options: PlaceOptions): Promise<Order> {
  const order = await insert(tx, wanted, items, bill, options.reservation);
  const { userId, provider, paymentMethod } = wanted;
  const { id: orderId, paymentId, total, currency } = { ...order, ...bill };
  const payload = { userId, orderId, paymentId, provider, amount: total, currency, paymentMethod };
  await writeOutbox(tx, userId, { topic: 'order.placed', payload });
  await recordChange(tx, options.actor, { userId, orderId }, 'order.placed', { total, currency });
  await options.alongside?.(order);
  return order;
}

async function insert(tx: Sql, wanted: PlaceOrder, items: readonly OrderItem[], bill: Bill, reservation: number): Promise<Order> {
  const { userId, provider, paymentMethod, shippingAddress = null, cartStamp = null } = wanted;
  const [row] = await tx.query<Inserted>(INSERT, [
    userId,
    bill.currency,
    bill.items,
    bill.shipping,
    bill.tax,
    bill.total,
    shippingAddress && JSON.stringify(shippingAddress),
    cartStamp,
    reservation,
    items.map(({ sku }) => sku),
    items.map(({ productName }) => productName),
    items.map(({ variantName }) => variantName),
    items.map(({ quantity }) => quantity),
    items.map(({ unitAmount }) => unitAmount),
    provider,
    paymentMethod,
  ]);
  if (!row) throw new Error('INSERT … RETURNING gave no row');
  return {
    ...row,
    userId,
    currency: bill.currency,
    itemsAmount: bill.items,
    shippingAmount: bill.shipping,
    taxAmount: bill.tax,
    totalAmount: bill.total,
    items: items.map(({ sku, productName, variantName, quantity, unitAmount }) => ({
      sku,
      productName,
      variantName,
      quantity,
      unitAmount,
    })),
    paymentMethod,
    shippingAddress,
    updatedAt: row.createdAt,
  };
}
