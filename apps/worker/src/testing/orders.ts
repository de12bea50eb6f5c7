import type { Db, Sql } from '@tenfold/db';
import { cancel, createPricing, place, requestRefund } from '@tenfold/orders';
import type { OutboxHint } from '@tenfold/queue';
import { until } from './processes.ts';

/** The one thing that is sold, and how many there are. */
export const SKU = 'TEST-1';
export const STOCK = 100_000;

const ACTOR = { userId: null, requestId: 'test', replica: 'test' };

export interface PlacedOrder {
  userId: string;
  orderId: string;
  paymentId: string;
}

/** Orders as the API would place them, and what has become of them. */
export function ordersOf(db: Db, hint: OutboxHint) {
  const act = async (move: (tx: Sql) => Promise<unknown>) => {
    await db.primary.transaction(move);
    hint.wake();
  };
  return {
    async placeOrder(paymentMethod: string, provider: 'sandbox' | 'stripe' = 'sandbox'): Promise<PlacedOrder> {
      const [user] = await db.primary.query<{ id: string }>(
        `INSERT INTO users (email, password_hash) VALUES ('buyer@example.com', '-') RETURNING user_id AS id`,
      );
      const userId = user?.id ?? '';
      const options = { pricing: createPricing(), reservation: 900, actor: ACTOR };
      const wanted = { userId, items: [{ sku: SKU, quantity: 1 }], provider, paymentMethod };
      const { value } = await db.primary.transaction((tx) => place(tx, wanted, options));
      hint.wake();
      return { userId, orderId: value.order.id, paymentId: value.order.paymentId };
    },
    cancelOrder: (order: PlacedOrder) => act((tx) => cancel(tx, order, ACTOR)),
    refundOrder: (order: PlacedOrder) => act((tx) => requestRefund(tx, order, ACTOR)),

    async stateOf({ userId, orderId }: PlacedOrder) {
      const [row] = await db.primary.query<{ state: string }>('SELECT state FROM orders WHERE user_id = $1 AND id = $2', [userId, orderId]);
      return row?.state;
    },
    /** How many orders there are in each state. */
    async states(): Promise<Record<string, number>> {
      const rows = await db.primary.query<{ state: string; count: number }>(
        'SELECT state, count(*)::int AS count FROM orders GROUP BY state',
      );
      return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
    },
    /** The count of the stock and the sum of its ledger, and how many orders gave something back twice. */
    async stock() {
      const [sums] = await db.primary.query<{ available: number; ledger: number }>(
        `SELECT (SELECT sum(available)::int FROM stock WHERE sku = $1) AS available,
           (SELECT sum(delta)::int FROM stock_ledger WHERE sku = $1) AS ledger`,
        [SKU],
      );
      const twice = await db.primary.query(
        `SELECT order_id FROM stock_ledger WHERE reason = 'returned' GROUP BY order_id, sku HAVING count(*) > 1`,
      );
      return { available: sums?.available, ledger: sums?.ledger, returnedTwice: twice.length };
    },
    /** Waits until nothing is left to do. */
    allDone: (within?: number) =>
      until(
        'every event is done',
        async () => (await db.primary.query('SELECT 1 FROM outbox WHERE done_at IS NULL LIMIT 1')).length === 0,
        within,
      ),
  };
}
