import { loadProducts, type PoolProduct } from './pool.ts';

/** What every virtual user gets a copy of. */
interface Prepared {
  products: PoolProduct[];
}

/** Run once by k6 before the load. */
export function setup(): Prepared {
  return { products: loadProducts() };
}
