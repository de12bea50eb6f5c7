import { check } from 'k6';
import { type Answer, ask, jsonOf } from '../http.ts';
import { staleReads } from '../metrics.ts';
import { pick, type PoolProduct } from '../pool.ts';
import { type PoolUser, tokenOf } from '../users.ts';

/** k6 has the Web's; its type definitions don't. */
declare const crypto: { randomUUID(): string };

interface Order {
  id: string;
  total: { amount: number };
}

/** How often a checkout that is refused for overload is sent again: its key makes that safe. */
const ATTEMPTS = 3;

/**
 * Somebody buys one piece, and their browser sends the order twice (a lost answer, an impatient finger): there must be one
 * order. It is cancelled at the end, so that a load test empties no shelf.
 */
export function checkout({ products, users }: { products: PoolProduct[]; users: PoolUser[] }): void {
  const { sku, price } = pick(pick(products.filter(({ variants }) => variants.length > 0)).variants);
  const headers = { authorization: `Bearer ${tokenOf(users)}` };
  const keyed = { ...headers, 'idempotency-key': `"${crypto.randomUUID()}"` };
  const body = { items: [{ sku, quantity: 1, expectedUnitPrice: price }], paymentMethod: 'pm_ok' };
  const place = () => ask('/v1/orders', { method: 'POST', name: 'POST /v1/orders', headers: keyed, body, attempts: ATTEMPTS });

  const placed = place();
  const order = jsonOf<Order>(placed);
  check(placed, {
    'the order is placed': ({ status }) => status === 201,
    'it costs something': () => (order?.total?.amount ?? 0) >= price,
  });
  if (order?.id === undefined) return;
  const again = place();
  check(again, {
    'sent again, it is the same order': () => jsonOf<Order>(again)?.id === order.id,
    'the answer says that it is repeated': () => again.headers['Idempotency-Replayed'] === 'true',
  });
  checkOrder(order.id, headers);
  const cancelled = cancel(order.id, headers);
  // A worker may have taken the money in between: then it is too late.
  check(cancelled, { 'the order is cancelled': ({ status }) => status === 200 || status === 409 });
}

/** Whoever has just bought something finds it, whichever replica answers. */
function checkOrder(id: string, headers: Record<string, string>): void {
  const answer = ask(`/v1/orders/${id}`, { name: 'GET /v1/orders/{id}', headers });
  check(answer, { 'the order opens': ({ status }) => status === 200 });
  staleReads.add(answer.status === 404 ? 1 : 0);
}

function cancel(id: string, headers: Record<string, string>): Answer {
  const key = { 'idempotency-key': `"${crypto.randomUUID()}"` };
  const name = 'POST /v1/orders/{id}/cancel';
  return ask(`/v1/orders/${id}/cancel`, { method: 'POST', name, headers: { ...headers, ...key }, attempts: ATTEMPTS });
}
