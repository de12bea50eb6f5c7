import type { Sql } from '@tenfold/db';
import { setStock } from '@tenfold/orders';
import { PRODUCTS_BY_ID, type ProductText } from '../repository.ts';
import type { ChangeProduct, CreateProduct } from './schemas.ts';

/** What a change of a variant changed. */
interface VariantChange {
  productId: string;
  productSlug: string;
}

// First, and for itself: what the statements after it see includes the price of whoever held the lock before.
const LOCK_PRODUCT_OF = `SELECT 1 AS one FROM products p JOIN variants v ON v.product_id = p.id WHERE v.sku = $1 FOR UPDATE OF p`;
const SET_PRICE = `
  UPDATE variants v SET price_amount = $2 FROM products p
  WHERE v.sku = $1 AND p.id = v.product_id AND v.currency = $3
  RETURNING p.id AS "productId", p.slug AS "productSlug", old.price_amount AS before`;
// Always another one: If-Match tells edits apart by it, two within a millisecond or on a clock that was set back too.
const EDITED = `updated_at = greatest(now(), updated_at + interval '1 millisecond')`;
const LOWEST_PRICE = `
  UPDATE products p SET price_amount = (SELECT min(v.price_amount) FROM variants v WHERE v.product_id = p.id), ${EDITED} WHERE p.id = $1`;
const PRODUCT_OF_SKU = `
  SELECT p.id AS "productId", p.slug AS "productSlug" FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = $1`;
const SET_CATEGORIES = `
  INSERT INTO product_categories (category_id, product_id)
  SELECT c.id, $1 FROM categories c WHERE c.slug = ANY($2) RETURNING category_id AS id`;
const UPDATE_PRODUCT = `
  UPDATE products SET name = coalesce($2, name), description = coalesce($3, description), images = coalesce($4::jsonb, images),
    slug = coalesce($5, slug), ${EDITED}
  WHERE id = $1`;

/** Writes to the catalogue, each in the caller's transaction on the primary. */
export function createStaffRepository(tx: Sql) {
  return {
    async product(id: string): Promise<ProductText | undefined> {
      const [found] = await tx.query<ProductText>(PRODUCTS_BY_ID, [[id]]);
      return found;
    },

    /** Nobody else changes the product until the transaction ends. @returns whether it is there and on sale. */
    async lock(id: string): Promise<boolean> {
      const rows = await tx.query('SELECT 1 AS one FROM products WHERE id = $1 AND archived_at IS NULL FOR UPDATE', [id]);
      return rows.length > 0;
    },

    async slugIsTaken(slug: string, by: string | null): Promise<boolean> {
      const rows = await tx.query('SELECT 1 AS one FROM products WHERE slug = $1 AND id IS DISTINCT FROM $2::uuid', [slug, by]);
      return rows.length > 0;
    },

    /** @returns its id, or undefined where the slug is taken. */
    async insertProduct(
      product: Required<Omit<CreateProduct, 'categories' | 'variants'>>,
      lowestPrice: number,
    ): Promise<string | undefined> {
      const [made] = await tx.query<{ id: string }>(
        `INSERT INTO products (slug, name, description, images, price_amount) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (slug) DO NOTHING RETURNING id`,
        [product.slug, product.name, product.description, JSON.stringify(product.images), lowestPrice],
      );
      return made?.id;
    },

    /** @returns the SKUs that were free. */
    async insertVariants(productId: string, variants: CreateProduct['variants']): Promise<string[]> {
      const rows = variants.map(({ sku, name, price }, position) => ({ sku, name, position, ...price }));
      const inserted = await tx.query<{ sku: string }>(
        `INSERT INTO variants (sku, product_id, name, price_amount, currency, position)
         SELECT sku, $1, name, amount, currency, position
         FROM json_to_recordset($2) AS v(sku text, name text, amount int, currency text, position int)
         ON CONFLICT (sku) DO NOTHING RETURNING sku`,
        [productId, JSON.stringify(rows)],
      );
      const free = new Set(inserted.map(({ sku }) => sku));
      for (const { sku, available } of variants) if (free.has(sku)) await setStock(tx, sku, { available });
      return [...free];
    },

    /** @returns how many of the categories there are. */
    async setCategories(productId: string, slugs: readonly string[]): Promise<number> {
      await tx.query('DELETE FROM product_categories WHERE product_id = $1', [productId]);
      return (await tx.query(SET_CATEGORIES, [productId, slugs])).length;
    },

    async update(id: string, { name, description, images, slug }: ChangeProduct): Promise<void> {
      await tx.query(UPDATE_PRODUCT, [id, name ?? null, description ?? null, images ? JSON.stringify(images) : null, slug ?? null]);
    },

    /** @returns its slug, or undefined where there is no such product. */
    async archive(id: string): Promise<string | undefined> {
      const [archived] = await tx.query<{ slug: string }>(
        'UPDATE products SET archived_at = coalesce(archived_at, now()) WHERE id = $1 RETURNING slug',
        [id],
      );
      return archived?.slug;
    },

    async currencyOf(sku: string): Promise<string | undefined> {
      const [variant] = await tx.query<{ currency: string }>('SELECT currency FROM variants WHERE sku = $1', [sku]);
      return variant?.currency;
    },

    /** @returns undefined where there is no such variant in that currency. */
    async setPrice(sku: string, amount: number, currency: string): Promise<(VariantChange & { before: number }) | undefined> {
      await tx.query(LOCK_PRODUCT_OF, [sku]);
      const [changed] = await tx.query<VariantChange & { before: number }>(SET_PRICE, [sku, amount, currency]);
      if (changed) await tx.query(LOWEST_PRICE, [changed.productId]);
      return changed;
    },

    /** @returns undefined where there is no such variant. */
    async setStock(
      sku: string,
      stock: { available: number } | { buckets: number },
    ): Promise<(VariantChange & { before: number; available: number }) | undefined> {
      const changed = await setStock(tx, sku, stock);
      const [product] = changed ? await tx.query<VariantChange>(PRODUCT_OF_SKU, [sku]) : [];
      return changed && product && { ...product, ...changed };
    },
  };
}
export type StaffRepository = ReturnType<typeof createStaffRepository>;
