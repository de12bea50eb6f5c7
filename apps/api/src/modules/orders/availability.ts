import type { Db } from '@tenfold/db';
import type { Logger } from '@tenfold/runtime';
import type { CatalogueCache } from '../catalogue/catalogue-cache.ts';

const SOLD_OUT = `
  SELECT p.id, p.slug FROM variants v JOIN products p ON p.id = v.product_id
  WHERE v.sku = ANY($1) AND NOT EXISTS (SELECT 1 FROM stock s WHERE s.sku = v.sku AND s.available > 0)`;
const BACK = 'SELECT DISTINCT p.id, p.slug FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = ANY($1)';

export interface Availability {
  /** @param skus of which a stock bucket is empty now. Waits for nothing. */
  emptied(skus: readonly string[]): void;
  /** @param skus of which an empty stock bucket was filled. Waits for nothing. */
  refilled(skus: readonly string[]): void;
}

/**
 * Tells caches when something is sold out, or can be bought again. Not every order does: what a page shows of how many there
 * are may be as old as its entry, and what is in stock is found out when it is ordered.
 */
export function createAvailability(db: Db, cache: CatalogueCache, logger: Logger): Availability {
  const announce = async (query: string, skus: readonly string[]) => {
    // In a transaction for the position of its commit, which is past that of the order.
    const { value, position } = await db.primary.transaction((tx) => tx.query<{ id: string; slug: string }>(query, [skus]));
    for (const { id, slug } of value) await cache.productChanged({ id, slugs: [slug], lists: true }, position);
  };
  const inBackground = (query: string) => (skus: readonly string[]) => {
    if (skus.length === 0) return;
    announce(query, skus).catch((error: unknown) => logger.warn({ err: error, skus }, 'caches were not told of a change of stock'));
  };
  return { emptied: inBackground(SOLD_OUT), refilled: inBackground(BACK) };
}
