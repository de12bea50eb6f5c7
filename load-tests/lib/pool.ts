import { fail } from 'k6';
import { ask, jsonOf } from './http.ts';

/** What the journeys know of a product. */
export interface PoolProduct {
  slug: string;
  name: string;
  category: string;
  /** What of it can be bought now. */
  variants: PoolVariant[];
}

interface PoolVariant {
  sku: string;
  /** Minor units. */
  price: number;
}

interface List {
  items: { slug: string; name: string; categories: string[]; variants: { sku: string; price: { amount: number }; available: number }[] }[];
  nextCursor: string | null;
}

/** Products that the load looks at: more than fit a replica's first second, few enough to be fetched at once. */
const PAGES = 5;
/** Pieces that must be left for a variant to be bought by the load: it takes them one by one, and gives them back. */
const ENOUGH = 50;

/** The catalogue is made from a fixed seed, so these are the same products in every run and on every machine. */
export function loadProducts(): PoolProduct[] {
  const products: PoolProduct[] = [];
  let cursor: string | null | undefined;
  for (let page = 0; page < PAGES && cursor !== null; page += 1) {
    const answer = ask(`/v1/products?limit=100${cursor ? `&cursor=${cursor}` : ''}`, { name: 'setup' });
    const list = jsonOf<List>(answer);
    if (answer.status !== 200 || !list?.items) fail(`The catalogue could not be read: ${answer.status || answer.error}`);
    for (const { slug, name, categories, variants } of list.items) {
      const sold = variants.filter(({ available }) => available >= ENOUGH).map(({ sku, price }) => ({ sku, price: price.amount }));
      products.push({ slug, name, category: categories[0] ?? '', variants: sold });
    }
    cursor = list.nextCursor ?? null;
  }
  if (products.length === 0) fail('There are no products to look at: seed the catalogue first.');
  return products;
}

/** One of them, the first ones far more often: a tenth of a shop's products gets about half of the looks. */
export function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(items.length * Math.random() ** 3)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}
