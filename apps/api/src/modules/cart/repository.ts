import type { Db } from '@tenfold/db';
import type { Position } from '@tenfold/runtime';

/** What there is to know about a SKU that is on sale. */
export interface SaleItem {
  sku: string;
  productId: string;
  name: string;
  variant: string;
  amount: number;
  currency: string;
  available: number;
}

const ON_SALE = `
  SELECT v.sku, p.id AS "productId", p.name, v.name AS variant, v.price_amount AS amount, v.currency,
    (SELECT coalesce(sum(s.available), 0) FROM stock s WHERE s.sku = v.sku) AS available
  FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = ANY($1) AND p.archived_at IS NULL`;

/** What carts show of the catalogue: as it is now, from a database replica, so that carts work without the primary. */
export function createCartRepository(db: Db) {
  return {
    async onSale(skus: readonly string[], after: Position | undefined): Promise<Map<string, SaleItem>> {
      const rows = skus.length > 0 ? await db.replica(after).query<SaleItem>(ON_SALE, [skus]) : [];
      return new Map(rows.map((row) => [row.sku, row]));
    },
  };
}
export type CartRepository = ReturnType<typeof createCartRepository>;
