import { type Cache, SHARED_COLLECTIONS } from '@tenfold/cache';
import type { Db } from '@tenfold/db';
import type { Logger } from '@tenfold/runtime';

/** Tells the API's caches that something can be bought again, which they may be showing as sold out. */
export interface Availability {
  /** @param skus of which an empty stock bucket was filled. Waits for nothing, and never throws. */
  refilled(skus: readonly string[]): void;
}

interface Options {
  db: Db;
  /** Undefined where a worker was given none: then pages find out when their entries are no longer fresh. */
  cache: Cache | undefined;
  /** Milliseconds, as the API has them. */
  freshFor: number;
  staleFor: number;
  logger: Logger;
}

const BACK = 'SELECT DISTINCT p.id, p.slug FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = ANY ($1)';

export function createAvailability({ db, cache, freshFor, staleFor, logger }: Options): Availability {
  if (!cache) return { refilled: () => undefined };
  const options = { load: showsNothing, maxBytes: 1, freshFor, staleFor };
  const products = cache.collection({ name: SHARED_COLLECTIONS.products, ...options });
  const pages = cache.collection({ name: SHARED_COLLECTIONS.pages, ...options });

  const announce = async (skus: readonly string[]) => {
    // In a transaction for the position of its commit, which is past that of the stock's.
    const { value, position } = await db.primary.transaction((tx) => tx.query<{ id: string; slug: string }>(BACK, [skus]));
    await products.invalidate(
      value.flatMap(({ id, slug }) => [id, slug]),
      position,
    );
    await pages.invalidateAll(position);
  };
  return {
    refilled(skus) {
      if (skus.length === 0) return;
      announce(skus).catch((error: unknown) => logger.warn({ err: error, skus }, 'caches were not told of a change of stock'));
    },
  };
}

function showsNothing(): Promise<never> {
  return Promise.reject(new Error('a worker shows no pages'));
}
