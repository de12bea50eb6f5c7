import type { Db, Snapshot } from '@tenfold/db';
import { setStock } from '@tenfold/orders';
import type { Position } from '@tenfold/runtime';
import type { PageEnd } from './cursor.ts';
import type { ListProducts, Product } from './schemas.ts';

type Sort = NonNullable<ListProducts['sort']> | 'best';

export interface ProductQuery {
  sort: Sort;
  limit: number;
  after?: PageEnd | undefined;
  q?: string | undefined;
  /** Ids; a product in any of them. */
  categories?: readonly string[] | undefined;
  minPrice?: number | undefined;
  maxPrice?: number | undefined;
  inStock?: boolean | undefined;
}

export interface ProductRow extends Product {
  /** What the list is sorted by; part of the next page's cursor. */
  sortKey: string | number;
}

export interface CategoryRow {
  id: string;
  slug: string;
  name: string;
  parentId: string | null;
}

/** How lists are ordered: the column (or expression), its direction, and the type to which a cursor's value is cast. */
const ORDER: Record<Sort, { key: string; direction: 'ASC' | 'DESC'; type: string }> = {
  price: { key: 'p.price_amount', direction: 'ASC', type: 'int' },
  '-price': { key: 'p.price_amount', direction: 'DESC', type: 'int' },
  name: { key: 'p.name', direction: 'ASC', type: 'text' },
  newest: { key: 'p.id', direction: 'DESC', type: 'uuid' }, // version 7: in the order of creation
  best: {
    key: `(ts_rank(p.search, websearch_to_tsquery('english', $1)) + word_similarity($1, p.name))::float8`,
    direction: 'DESC',
    type: 'float8',
  },
};

/** A product with all that belongs to it, from a row p of products. */
const PRODUCT = `
  p.id, p.slug, p.name, p.description, p.images, p.updated_at AS "updatedAt",
  ARRAY(SELECT c.slug FROM product_categories pc JOIN categories c ON c.id = pc.category_id WHERE pc.product_id = p.id ORDER BY c.slug) AS categories,
  (SELECT coalesce(json_agg(json_build_object('sku', v.sku, 'name', v.name,
      'price', json_build_object('amount', v.price_amount, 'currency', v.currency), 'available', (SELECT coalesce(sum(s.available), 0) FROM stock s WHERE s.sku = v.sku)) ORDER BY v.position), '[]')
    FROM variants v WHERE v.product_id = p.id) AS variants`;

/** The catalogue in the database. Reads say how new they must be; writes go to the primary. */
export function createCatalogueRepository(db: Db) {
  return {
    /** Products by id or slug, archived ones left out. */
    findProducts: (idsOrSlugs: readonly string[], after: Position | undefined): Promise<Snapshot<Product[]>> =>
      db.replica(after).snapshot((node) => {
        const ids = idsOrSlugs.filter((value) => UUID.test(value));
        const slugs = idsOrSlugs.filter((value) => !UUID.test(value));
        // One index scan for what is nearly always asked; an OR of both would cost a bitmap of two.
        if (slugs.length === 0) return node.query<Product>(BY_ID, [ids]);
        if (ids.length === 0) return node.query<Product>(BY_SLUG, [slugs]);
        return Promise.all([node.query<Product>(BY_ID, [ids]), node.query<Product>(BY_SLUG, [slugs])]).then((rows) => rows.flat());
      }),

    listProducts(query: ProductQuery, after: Position | undefined): Promise<Snapshot<ProductRow[]>> {
      const { text, values } = listStatement(query);
      return db.replica(after).snapshot((node) => node.query<ProductRow>(text, values));
    },

    listCategories: (after: Position | undefined): Promise<Snapshot<CategoryRow[]>> =>
      db.replica(after).snapshot((node) =>
        node.prisma.category.findMany({
          select: { id: true, slug: true, name: true, parentId: true },
          orderBy: [{ position: 'asc' }, { slug: 'asc' }],
        }),
      ),

    /** @returns what changed, or undefined where there is no such SKU. */
    setStock: (sku: string, available: number, buckets: number | undefined) =>
      db.primary.transaction(async (tx) => {
        const change = await setStock(tx, sku, available, buckets);
        if (!change) return undefined;
        const [product] = await tx.query<ProductKeys>(PRODUCT_OF_SKU, [sku]);
        return product && { ...product, before: change.before, available };
      }),
  };
}
export type CatalogueRepository = ReturnType<typeof createCatalogueRepository>;

/** Under which a product is cached. */
interface ProductKeys {
  productId: string;
  productSlug: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const BY_ID = `SELECT ${PRODUCT} FROM products p WHERE p.id = ANY($1::uuid[]) AND p.archived_at IS NULL`;
const BY_SLUG = `SELECT ${PRODUCT} FROM products p WHERE p.slug = ANY($1) AND p.archived_at IS NULL`;
const PRODUCT_OF_SKU = `
  SELECT p.id AS "productId", p.slug AS "productSlug" FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = $1`;

/** One statement for each combination of filters, so that each is planned for what it has to do. */
function listStatement({ sort, limit, after, q, categories, minPrice, maxPrice, inStock }: ProductQuery) {
  const values: unknown[] = q === undefined ? [] : [q];
  const value = (given: unknown) => `$${values.push(given)}`;
  const { key, direction, type } = ORDER[sort];
  const conditions = ['p.archived_at IS NULL'];
  if (q !== undefined) conditions.push(`(p.search @@ websearch_to_tsquery('english', $1) OR p.name %> $1)`);
  if (categories) {
    conditions.push(
      `EXISTS (SELECT 1 FROM product_categories pc WHERE pc.product_id = p.id AND pc.category_id = ANY(${value(categories)}::uuid[]))`,
    );
  }
  if (minPrice !== undefined) conditions.push(`p.price_amount >= ${value(minPrice)}`);
  if (maxPrice !== undefined) conditions.push(`p.price_amount <= ${value(maxPrice)}`);
  if (inStock !== undefined) {
    const some = 'EXISTS (SELECT 1 FROM variants v JOIN stock s ON s.sku = v.sku WHERE v.product_id = p.id AND s.available > 0)';
    conditions.push(inStock ? some : `NOT ${some}`);
  }
  if (after) {
    const [afterKey, afterId] = after;
    const comparison = direction === 'ASC' ? '>' : '<';
    conditions.push(`(${key}, p.id) ${comparison} (${value(afterKey)}::${type}, ${value(afterId)}::uuid)`);
  }
  const order = (columns: string) => `ORDER BY ${columns} ${direction}, p.id ${direction}`;
  // What belongs to a product is put together for the page's products alone, not for all that match.
  const text = `
    WITH page AS (
      SELECT p.*, ${key} AS sort_key FROM products p WHERE ${conditions.join(' AND ')} ${order(key)} LIMIT ${value(limit)}
    )
    SELECT ${PRODUCT}, p.sort_key AS "sortKey" FROM page p ${order('p.sort_key')}`;
  return { text, values };
}
