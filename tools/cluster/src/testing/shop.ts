import { randomBytes, randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import { type Answer, ask, itemsOf } from './client.ts';
import { bearing, type Person, register, signIn } from './people.ts';
import type { Subject } from './subject.ts';

type Authorization = { authorization: string };

/** Puts a product with one variant on sale. @param buckets that its stock is split over. @returns what it is found by. */
export async function putOnSale({ url, credentials }: Subject, available: number, buckets = 1): Promise<{ slug: string; sku: string }> {
  const sku = `T-${randomBytes(6).toString('hex').toUpperCase()}`;
  const staff = await signIn({ url }, credentials.staff);
  const variant = { sku, name: 'Small', price: { amount: 1000, currency: 'EUR' }, available };
  const { status, body } = await ask(`${url}/v1/products`, 'POST', { name: `Test Lamp ${sku}`, variants: [variant] }, staff);
  if (status !== 201) throw new Error(`putting ${sku} on sale: ${status} ${JSON.stringify(body)}`);
  if (buckets > 1) {
    const spread = await ask(`${url}/v1/variants/${sku}/buckets`, 'PUT', { buckets }, staff);
    if (spread.status !== 200) throw new Error(`splitting the stock of ${sku}: ${spread.status} ${JSON.stringify(spread.body)}`);
  }
  return { slug: String(body['slug']), sku };
}

/** Sets a variant's stock. @returns the answer, with its Consistency-Token. */
export async function setStock({ url }: Pick<Subject, 'url'>, sku: string, available: number, staff: Authorization): Promise<Answer> {
  const answer = await ask(`${url}/v1/variants/${sku}/stock`, 'PUT', { available }, staff);
  if (answer.status !== 200) throw new Error(`setting the stock of ${sku}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

/** How many of a SKU a product's page says there are. */
export function availableIn(answer: Pick<Answer, 'body'>, sku: string): unknown {
  return itemsOf(answer, 'variants').find((variant) => variant['sku'] === sku)?.['available'];
}

/** Somebody who buys, and what there is to buy: plenty of it, and nobody else's. */
export interface Shopper extends Person {
  url: string;
  sku: string;
}

export async function shopper(target: Subject): Promise<Shopper> {
  const [person, { sku }] = await Promise.all([register(target), putOnSale(target, 1_000_000)]);
  return { ...person, url: target.url, sku };
}

const orderOf = (sku: string, paymentMethod: string) => ({ items: [{ sku, quantity: 1 }], paymentMethod });

/** @returns the order's id; it is pending. */
export async function placeOrder({ url, sku, tokens }: Shopper, paymentMethod = 'pm_ok'): Promise<string> {
  const headers = { ...bearing(tokens), 'idempotency-key': randomUUID() };
  const { status, body } = await ask(`${url}/v1/orders`, 'POST', orderOf(sku, paymentMethod), headers);
  if (status !== 201) throw new Error(`the order was answered by ${status} ${JSON.stringify(body)}`);
  return String(body['id']);
}

/** Places orders one after the other, each with a key of its own, and each as often as it takes with the same. */
export function ordering({ url }: Pick<Subject, 'url'>, customer: Authorization, sku: string): () => () => Promise<Answer> {
  return () => {
    const keyed = { ...customer, 'idempotency-key': randomUUID() };
    return () => ask(`${url}/v1/orders`, 'POST', orderOf(sku, 'pm_ok'), keyed);
  };
}

/** Reads a page of the catalogue. */
export const reading =
  ({ url }: Pick<Subject, 'url'>): (() => () => Promise<Answer>) =>
  () =>
  () =>
    ask(`${url}/v1/products?limit=20`);

export async function stateOf({ url, tokens }: Shopper, orderId: string): Promise<string> {
  return String((await ask(`${url}/v1/orders/${orderId}`, 'GET', undefined, bearing(tokens))).body['state']);
}

export async function untilState(who: Shopper, orderId: string, state: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const now = await stateOf(who, orderId);
      if (now !== state) throw new Error(`order ${orderId} is ${now}, not ${state}`);
    },
    { timeout: 60_000, interval: 100 },
  );
}

/** How many orders a customer has, counted page by page. */
export async function countOrders({ url }: Pick<Subject, 'url'>, customer: Authorization): Promise<number> {
  let count = 0;
  let cursor = '';
  do {
    const at = `${url}/v1/orders?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer = await ask(at, 'GET', undefined, customer);
    count += itemsOf(answer).length;
    const { nextCursor } = Object(answer.body);
    cursor = typeof nextCursor === 'string' ? nextCursor : '';
  } while (cursor !== '');
  return count;
}
