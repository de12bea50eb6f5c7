import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locate } from '@tenfold/cluster';
import { until } from '../process/until.ts';
import { type Person, register } from './people.ts';
import type { Subject } from './subject.ts';

/** Somebody who buys, and what there is to buy. */
export interface Shopper extends Person {
  url: string;
  sku: string;
}

export async function shopper(target: Subject): Promise<Shopper> {
  const [person, response] = await Promise.all([register(target), fetch(`${target.url}/v1/products?inStock=true&limit=100`)]);
  const { items } = Object(await response.json());
  const variants: { sku: string; available: number }[] = items.flatMap((item: { variants: unknown[] }) => item.variants);
  const [most] = variants.toSorted((a, b) => b.available - a.available);
  return { ...person, url: target.url, sku: most?.sku ?? '' };
}

/** @returns the order's id; it is pending. */
export async function placeOrder({ url, sku, tokens }: Shopper, paymentMethod = 'pm_ok'): Promise<string> {
  const headers = {
    authorization: `Bearer ${tokens.accessToken}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  };
  const body = JSON.stringify({ items: [{ sku, quantity: 1 }], paymentMethod });
  const response = await fetch(`${url}/v1/orders`, { method: 'POST', headers, body });
  const order = Object(await response.json());
  if (response.status !== 201) throw new Error(`the order was answered by ${response.status} ${JSON.stringify(order)}`);
  return String(order.id);
}

export async function stateOf({ url, tokens }: Shopper, orderId: string): Promise<string> {
  const headers = { authorization: `Bearer ${tokens.accessToken}` };
  return String(Object(await (await fetch(`${url}/v1/orders/${orderId}`, { headers })).json()).state);
}

export async function untilState(who: Shopper, orderId: string, state: string): Promise<void> {
  const reached = async () => (await stateOf(who, orderId)) === state;
  await until(reached, { what: `order ${orderId} was not ${state}`, within: 60_000, every: 100 });
}

/** How many receipts were sent for each of the orders. */
export async function receiptsFor({ directory }: Subject, orderIds: readonly string[]): Promise<number[]> {
  const { mail } = locate(directory);
  const files = (await readdir(mail)).filter((file) => file.endsWith('.receipt.eml'));
  const texts = await Promise.all(files.map((file) => readFile(join(mail, file), 'utf8')));
  return orderIds.map((id) => texts.filter((text) => text.includes(`Subject: Your receipt for order ${id}`)).length);
}

/** Waits until there is a receipt for each. */
export async function untilReceipts(target: Subject, orderIds: readonly string[]): Promise<void> {
  const all = async () => (await receiptsFor(target, orderIds)).every((count) => count > 0);
  await until(all, { what: 'not every order had its receipt', within: 60_000, every: 100 });
}
