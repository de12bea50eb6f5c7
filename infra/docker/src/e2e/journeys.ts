import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ask, bearing, newAccount, putOnSale, register } from '@tenfold/cluster/testing';
import { type Load, type Report, startLoad } from '@tenfold/local/testing';
import { someProduct, type Subject } from './subject.ts';

/** What shoppers do, as the table of the failure policy calls it. */
export type Journey = 'browse' | 'order' | 'cart' | 'sign in';

/** Of a hundred requests. Sign-in is dear (a password is hashed) and is not what this is about. */
const MIX: Readonly<Record<Journey, number>> = { browse: 82, order: 10, cart: 7, 'sign in': 1 };

const isCreated = (status: number) => status === 201;

export type Seen = Record<Journey, Report>;

/** All journeys at once, open loop: requests are sent when they are due, whatever became of those before. Nobody repeats any. */
export async function startJourneys(target: Subject, rate: number): Promise<{ report: () => Seen; stop: () => Promise<Seen> }> {
  const { url } = target;
  const account = newAccount();
  const customer = bearing((await register(target, account)).tokens);
  const { sku } = await putOnSale(target, 1_000_000);
  const products = await Promise.all(Array.from({ length: 20 }, (_, index) => someProduct(target, index + 3)));
  let turn = 0;
  const next = () => {
    turn += 1;
    return turn % 3 === 0 ? `${url}/v1/products?limit=20` : `${url}/v1/products/${products[turn % products.length]?.slug}`;
  };
  const of = (journey: Journey) => (rate * MIX[journey]) / 100;
  const loads: Record<Journey, Load> = {
    browse: startLoad({ rate: of('browse'), url: () => next() }),
    order: startLoad({
      rate: of('order'),
      method: 'POST',
      url: () => `${url}/v1/orders`,
      headers: () => ({ ...customer, 'idempotency-key': randomUUID() }),
      body: () => JSON.stringify({ items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' }),
      isExpected: isCreated,
    }),
    cart: startLoad({ rate: of('cart'), url: () => `${url}/v1/cart`, headers: customer }),
    'sign in': startLoad({ rate: of('sign in'), method: 'POST', url: () => `${url}/v1/auth/login`, body: () => JSON.stringify(account) }),
  };
  return {
    report: () => eachJourney((journey) => loads[journey].report()),
    async stop() {
      const [browse, order, cart, signIn] = await Promise.all([
        loads.browse.stop(),
        loads.order.stop(),
        loads.cart.stop(),
        loads['sign in'].stop(),
      ]);
      return { browse, order, cart, 'sign in': signIn };
    },
  };
}

function eachJourney<T>(make: (journey: Journey) => T): Record<Journey, T> {
  return { browse: make('browse'), order: make('order'), cart: make('cart'), 'sign in': make('sign in') };
}

/** `browse 0 of 4,100 (p99 12 ms), order …` */
export function describeSeen(seen: Seen): string {
  const words = Object.entries(seen).map(([journey, { failed, sent, latency, failures }]) => {
    return `${journey} ${failed} of ${sent} (p99 ${latency.p99} ms${failed > 0 ? `, ${JSON.stringify(failures)}` : ''})`;
  });
  return words.join(', ');
}

export const countOf = (seen: Seen, what: 'sent' | 'failed') => Object.values(seen).reduce((sum, report) => sum + report[what], 0);

/** Requests a second, all journeys together, at which nothing fails and the slowest hundredth stays under a quarter of a second. */
export async function findCapacity(target: Subject): Promise<number> {
  let best = 0;
  for (const rate of [50, 100, 150, 200, 250, 300, 350, 400, 500, 600, 800]) {
    const journeys = await startJourneys(target, rate);
    await wait(1500); // connections and caches are warm then
    journeys.report();
    await wait(6000);
    const seen = await journeys.stop();
    if (countOf(seen, 'failed') > 0 || seen.browse.latency.p99 > 250) break;
    best = rate;
  }
  return best;
}

interface Acknowledged {
  /** Of each order that was answered with 201. */
  ids: string[];
  /** The longest time in which none was, in seconds. */
  longestGap: number;
}

/** Buyers who order again and again, each with a new key, and remember what they were told. */
export function startBuyers(target: Subject, customer: Record<string, string>, sku: string, count: number) {
  const ids: string[] = [];
  let [stopped, last, longest] = [false, performance.now(), 0];
  const isOn = () => !stopped;
  const buyer = async () => {
    while (isOn()) {
      const headers = { ...customer, 'idempotency-key': randomUUID() };
      const answer = await ask(`${target.url}/v1/orders`, 'POST', { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' }, headers).catch(
        () => undefined,
      );
      if (answer?.status === 201) {
        ids.push(String(answer.body['id']));
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }
      await wait(answer?.status === 201 ? 5 : 100);
    }
  };
  const buyers = Array.from({ length: count }, buyer);
  return {
    ids,
    async stop(): Promise<Acknowledged> {
      stopped = true;
      await Promise.all(buyers);
      return { ids, longestGap: longest / 1000 };
    },
  };
}
