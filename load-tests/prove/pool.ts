import { LoadError } from '../run/errors.ts';

/** Products that the trials look at: all of them fit each replica's memory, so that a warm replica reads nothing shared. */
const PRODUCTS = 200;

/** What the trials know of a product; prove/k6/trial.ts reads it. */
interface TrialProduct {
  slug: string;
  name: string;
  category: string;
}

interface List {
  items: { slug: string; name: string; categories: string[] }[];
  nextCursor: string | null;
}

/** Reads the newest products; the catalogue is seeded, so they are the same on every machine. @throws LoadError */
export async function loadPool(target: string): Promise<TrialProduct[]> {
  const products: TrialProduct[] = [];
  let cursor: string | null = '';
  while (products.length < PRODUCTS && cursor !== null) {
    const response = await fetch(`${target}/v1/products?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
    if (!response.ok) throw new LoadError(`The catalogue could not be read: ${response.status} ${response.statusText}.`);
    const list: List = JSON.parse(await response.text());
    for (const { slug, name, categories } of list.items) products.push({ slug, name, category: categories[0] ?? '' });
    cursor = list.nextCursor;
  }
  if (products.length === 0) throw new LoadError('There are no products to look at: seed the catalogue first.');
  return products;
}
