import { randomUUID } from 'node:crypto';
import { type Person, putOnSale, register } from '@tenfold/cluster/testing';
import { type Bought, buy, each, howMany, inDatabase, stockOf } from './shop.ts';
import { replica, servesAgain, type Subject, tell } from './subject.ts';

/** People who can buy, registered through the edge: passwords are dear, so a few at a time. */
export function crowd(target: Subject, people: number): Promise<Person[]> {
  return each(Array.from({ length: people }), 8, () => register(target));
}

interface Sale {
  outcomes: Record<string, number>;
  /** Answers of 500 and more that somebody got. */
  errors: string[];
  stock: Awaited<ReturnType<typeof stockOf>>;
  deadlocks: number;
}

/** Everybody wants one, and sends it twice at once with the same key, so many people at a time. */
export async function sellOut(target: Subject, buyers: readonly Person[], units: number, { buckets = 1, atOnce = 50 } = {}): Promise<Sale> {
  const { sku } = await putOnSale(target, units, buckets);
  const before = await deadlocks(target);
  const began = performance.now();
  const pairs = await each(buyers, atOnce, ({ tokens }) => {
    const key = randomUUID();
    return Promise.all([buy(target.url, tokens.accessToken, sku, key), buy(target.url, tokens.accessToken, sku, key)]);
  });
  const took = (performance.now() - began) / 1000;
  tell(
    `${units} units to ${buyers.length} buyers in ${buckets} bucket(s): ${took.toFixed(1)} s, ${(buyers.length / took).toFixed(0)} buyers/s`,
  );
  return {
    outcomes: howMany(pairs.map(together)),
    errors: pairs.flat().flatMap((bought) => bought.errors),
    stock: await stockOf(target, sku),
    deadlocks: (await deadlocks(target)) - before,
  };
}

function together([one, other]: [Bought, Bought]): string {
  return one.body === other.body ? one.outcome : `${one.outcome}, but then ${other.outcome}`;
}

/** One person sends the same order so many times at once, over all replicas. @returns what they were answered in the end, and what there is. */
export async function sendAtOnce(target: Subject, { tokens }: Person, times: number) {
  const { sku } = await putOnSale(target, 1000);
  const key = randomUUID();
  const bought = await Promise.all(Array.from({ length: times }, () => buy(target.url, tokens.accessToken, sku, key)));
  const answers = new Set(bought.map(({ outcome, body }) => `${outcome} ${body}`));
  // Over the edge's places for checkout some are told to come again: that is no failure.
  const errors = bought.flatMap((one) => one.errors).filter((error) => error !== '503 unavailable');
  return { answers: answers.size, outcome: bought[0]?.outcome, errors, stock: await stockOf(target, sku) };
}

interface Rush {
  buckets: number;
  /** People at a time. */
  atOnce: number;
  seconds: number;
}

/** Many people order the same SKU, one order after the other. @returns orders a second, and what was answered. */
export async function sellHot(target: Subject, buyers: readonly Person[], { buckets, atOnce, seconds }: Rush) {
  const { sku } = await putOnSale(target, 1_000_000, buckets);
  const outcomes: string[] = [];
  const began = performance.now();
  const shop = async (first: number) => {
    for (let turn = first; performance.now() - began < seconds * 1000; turn += atOnce) {
      const { outcome, errors } = await buy(target.url, buyers[turn % buyers.length]?.tokens.accessToken ?? '', sku);
      outcomes.push(outcome, ...errors);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, first) => shop(first)));
  const rate = outcomes.length / ((performance.now() - began) / 1000);
  tell(`a hot SKU in ${buckets} bucket(s): ${rate.toFixed(0)} orders/s`);
  return { rate, outcomes: howMany(outcomes) };
}

/** Orders go on while replicas are killed in turn. @returns what doesn't add up. */
export async function orderWhileReplicasDie(target: Subject, buyers: readonly Person[], kills: number) {
  const { sku } = await putOnSale(target, 100_000, 4);
  const bought: Bought[] = [];
  const over = new AbortController();
  const shop = async ({ tokens }: Person) => {
    while (!over.signal.aborted) bought.push(await buy(target.url, tokens.accessToken, sku));
  };
  const shopping = buyers.map(shop);
  for (let kill = 0; kill < kills; kill += 1) {
    const name = `api-${(kill % 3) + 1}`;
    const { pid } = await replica(target, name);
    process.kill(pid, 'SIGKILL');
    await servesAgain(target, name, pid);
  }
  over.abort();
  await Promise.all(shopping);
  const ids = new Set(bought.map(({ body }) => JSON.parse(body).id));
  const errors = howMany(bought.flatMap((one) => one.errors));
  tell(`${bought.length} orders while ${kills} replicas were killed; clients had to repeat after ${JSON.stringify(errors)}`);
  return {
    outcomes: Object.keys(howMany(bought.map(({ outcome }) => outcome))),
    twice: bought.length - ids.size,
    sold: bought.length,
    stock: await stockOf(target, sku),
  };
}

async function deadlocks(target: Subject): Promise<number> {
  const result = await inDatabase(target, (client) =>
    client.query(`SELECT deadlocks::int FROM pg_stat_database WHERE datname = 'tenfold'`),
  );
  return result.rows[0].deadlocks;
}
