import { check } from 'k6';
import { ask, jsonOf } from '../http.ts';
import { staleReads } from '../metrics.ts';
import { pick, type PoolProduct } from '../pool.ts';

interface Cart {
  items: { sku: string; quantity: number }[];
}

/** A guest puts something into a cart, looks at it, wants one more of it, and thinks better of it. */
export function cart({ products }: { products: PoolProduct[] }): void {
  const { sku } = pick(pick(products.filter(({ variants }) => variants.length > 0)).variants);
  const put = setQuantity(sku, 1, {});
  const token = put.headers['Cart-Token'];
  check(put, { 'it is in the cart': ({ status }) => status === 200, 'the guest has a token': () => token !== undefined });
  if (token === undefined) return;
  const guest = { 'cart-token': token };
  checkCart(sku, 1, guest);
  check(setQuantity(sku, 2, guest), { 'there are two in the cart': ({ status }) => status === 200 });
  checkCart(sku, 2, guest);
  const cleared = ask('/v1/cart', { method: 'DELETE', name: 'DELETE /v1/cart', headers: guest });
  check(cleared, { 'the cart is empty': ({ status }) => status === 204 });
}

function setQuantity(sku: string, quantity: number, headers: Record<string, string>) {
  return ask(`/v1/cart/items/${sku}`, { method: 'PUT', name: 'PUT /v1/cart/items/{sku}', headers, body: { quantity } });
}

/** Whichever replica answers, it has to know what the one before was told. */
function checkCart(sku: string, quantity: number, headers: Record<string, string>): void {
  const answer = ask('/v1/cart', { name: 'GET /v1/cart', headers });
  check(answer, { 'the cart opens': ({ status }) => status === 200 });
  if (answer.status !== 200) return;
  const item = jsonOf<Cart>(answer)?.items?.find((one) => one.sku === sku);
  staleReads.add(item?.quantity === quantity ? 0 : 1);
}
