import { type PlacedOrder, STOCK } from './orders.ts';
import type { Shop } from './shop.ts';

const PAYABLE = ['pm_ok', 'pm_slow', 'pm_lost', 'pm_fail'] as const;

/** Orders of all kinds in turn: one in five is declined, the others are paid in the end. */
export function placeMixed(shop: Shop, count: number): Promise<PlacedOrder[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => shop.placeOrder(index % 5 === 4 ? 'pm_decline' : (PAYABLE[index % 5] ?? 'pm_ok'))),
  );
}

/** What has become of orders: in our books, at the provider, in the mail and on the shelf. */
export async function outcomeOf(shop: Shop, orders: readonly PlacedOrder[]) {
  const ids = new Set(orders.map(({ orderId }) => orderId));
  const charges = (await shop.charges()).filter(({ reference }) => ids.has(reference));
  return {
    states: await shop.states(),
    charges: charges.length,
    capturedOnce: charges.filter(({ captures, refunds }) => captures === 1 && refunds === 0).length,
    capturedTwiceOrRefunded: charges.filter(({ captures, refunds }) => captures > 1 || refunds > 0).length,
    receipts: (await shop.receipts()).length,
    stock: await shop.stock(),
    deadLetters: await shop.db.primary.query('SELECT effect, error FROM dead_letters'),
  };
}

/** Each as its payment method says, with one charge and one receipt. */
export function rightOutcome({ length }: readonly PlacedOrder[]): Awaited<ReturnType<typeof outcomeOf>> {
  const declined = Math.floor(length / 5);
  const paid = length - declined;
  return {
    states: { paid, payment_failed: declined },
    charges: length,
    capturedOnce: paid,
    capturedTwiceOrRefunded: 0,
    receipts: paid,
    stock: { available: STOCK - paid, ledger: STOCK - paid, returnedTwice: 0 },
    deadLetters: [],
  };
}
