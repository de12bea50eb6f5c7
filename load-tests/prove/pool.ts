import type { PoolProduct } from '../lib/pool.ts';
import { LoadError } from '../run/errors.ts';

/** Products that the trials look at: all of them fit each replica's memory, so that a warm replica reads nothing shared. */
const PRODUCTS = 200;

interface List {
  items: { slug: string; name: string; categories: string[]; variants: { sku: string }[] }[];
  nextCursor: string | null;
}

/** Reads the newest products; the catalogue is seeded, so they are the same on every machine. @throws LoadError */
export async function loadPool(target: string): Promise<PoolProduct[]> {
  const products: PoolProduct[] = [];
  let cursor: string | null = '';
  while (products.length < PRODUCTS && cursor !== null) {
    const response = await fetch(`${target}/v1/products?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
    if (!response.ok) throw new LoadError(`The catalogue could not be read: ${response.status} ${response.statusText}.`);
    const list: List = JSON.parse(await response.text());
    for (const { slug, name, categories, variants } of list.items)
      products.push({ slug, name, category: categories[0] ?? '', skus: variants.map(({ sku }) => sku) });
    cursor = list.nextCursor;
  }
  if (products.length === 0) throw new LoadError('There are no products to look at: seed the catalogue first.');
  return products;
}
