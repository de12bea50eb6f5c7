import { loadProducts, type PoolProduct } from './pool.ts';
import { loadUsers, type PoolUser } from './users.ts';

/** What every virtual user gets a copy of. */
interface Prepared {
  products: PoolProduct[];
  users: PoolUser[];
}

/** Run once by k6 before the load. */
export function setup(): Prepared {
  return { products: loadProducts(), users: loadUsers() };
}
