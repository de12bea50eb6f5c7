/** One thread of buyers, each with a connection of its own, who order one of the same SKU over and over until time is up. */
import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openShop } from '../src/testing/shop.ts';

export interface Buyers {
  url: string;
  sku: string;
  users: string[];
  /** Connections of this thread. */
  connections: number;
  /** When to begin and to end, in milliseconds of the epoch. */
  from: number;
  until: number;
}

const { url, sku, users, connections, from, until }: Buyers = workerData;
const shop = await openShop(url);
let orders = 0;

const buy = async (buyer: number) => {
  for (let turn = buyer; Date.now() < until; turn += connections) {
    await shop.place({ userId: users[turn % users.length] ?? '', items: [{ sku, quantity: 1 }] });
    orders += 1;
  }
};

await wait(Math.max(1, from - Date.now()));
await Promise.all(Array.from({ length: connections }, (_, buyer) => buy(buyer)));
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage(orders);
await shop.close();
