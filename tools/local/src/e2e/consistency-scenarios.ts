import { locate } from '@tenfold/cluster';
import { ask, availableIn, setStock, signIn } from '@tenfold/cluster/testing';
import { withConnection } from '../postgres/connect.ts';
import { until } from '../process/until.ts';
import { readSecrets } from '../state/files.ts';
import { doors, type Subject } from './subject.ts';

interface Outcome {
  /** Reads with the token of a write that did not see it. */
  stale: number[];
  /** The part of reads without a token that went to a database replica, of those that no cache answered. */
  fromReplicas: number;
}

/**
 * Writes a stock, and reads it back through the edge with the write's token, again and again, while one database replica
 * receives the log and doesn't apply it. Each pair is about another product, so that no cache has it.
 */
export async function readOwnWrites(target: Subject, pairs: number): Promise<Outcome> {
  const staff = await signIn(target, target.credentials.staff);
  const variants = await firstVariants(target, pairs);
  const stale: number[] = [];
  const sources: string[] = [];
  await withReplayPaused(target, async () => {
    for (const [index, { slug, sku }] of variants.entries()) {
      const token = (await setStock(target, sku, index + 1, staff)).headers.get('consistency-token') ?? '';
      const seen = await read(target.url, slug, sku, { 'consistency-token': token });
      if (seen.available !== index + 1) stale.push(index);
      const other = variants[(index + pairs / 2) % pairs];
      if (other) sources.push((await read(target.url, other.slug, other.sku)).source);
    }
  });
  const uncached = sources.filter((source) => source !== '');
  return { stale, fromReplicas: uncached.filter((source) => source.includes('replica')).length / uncached.length };
}

/** Milliseconds from a write's answer until every API replica shows it to those who send no token, for each of some writes. */
export async function seenEverywhere(target: Subject, writes: number): Promise<number[]> {
  const staff = await signIn(target, target.credentials.staff);
  const [variant] = await firstVariants(target, 1);
  if (!variant) throw new Error('there are no products');
  const { slug, sku } = variant;
  const all = await doors(target);
  const times: number[] = [];
  for (let round = 1; round <= writes; round += 1) {
    await Promise.all(all.map((at) => read(at, slug, sku))); // each has it in its cache
    await setStock(target, sku, 5000 + round, staff);
    const began = performance.now();
    const isSeen = (at: string) => async () => (await read(at, slug, sku)).available === 5000 + round;
    await Promise.all(all.map((at) => until(isSeen(at), { what: `${at} did not show it`, within: 10_000, every: 2 })));
    times.push(performance.now() - began);
  }
  return times;
}

async function withReplayPaused({ cluster, directory }: Subject, work: () => Promise<void>): Promise<void> {
  const [replica] = (await cluster.status()).postgres.replicas;
  const secrets = await readSecrets(locate(directory));
  if (!replica || !secrets) throw new Error('no database replica');
  const superuser = { port: replica.port, user: 'postgres', password: secrets.postgres.superuser } as const;
  await withConnection(superuser, (client) => client.query('SELECT pg_wal_replay_pause()'));
  try {
    await work();
  } finally {
    // What is replayed after a pause may end any statement there, this one too: then it is in force all the same.
    const resume = () => withConnection(superuser, (client) => client.query('SELECT pg_wal_replay_resume()'));
    await resume().catch(resume);
  }
}

async function firstVariants({ url }: Subject, count: number): Promise<{ slug: string; sku: string }[]> {
  const found: { slug: string; sku: string }[] = [];
  for (let cursor = ''; found.length < count;) {
    const response = await fetch(`${url}/v1/products?sort=name&limit=100${cursor && `&cursor=${cursor}`}`);
    const { items, nextCursor } = Object(await response.json());
    for (const { slug, variants } of items) found.push({ slug, sku: variants[0].sku });
    cursor = nextCursor;
  }
  return found.slice(0, count);
}

/** What a product's page says of a variant's stock, and which database server it was read from; empty when a cache had it. */
async function read(at: string, slug: string, sku: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await ask(`${at}/v1/products/${slug}`, 'GET', undefined, headers);
  const source = /detail=([^,;]+)/.exec(answer.headers.get('cache-status') ?? '')?.[1] ?? '';
  return { available: availableIn(answer, sku), source };
}
