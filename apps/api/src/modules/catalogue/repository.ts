import type { Db, Snapshot } from '@tenfold/db';
import type { Position } from '@tenfold/runtime';
import type { PageEnd } from '../../cursor.ts';
import type { ListProducts } from './schemas.ts';

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

/** A product as it goes over the wire, and what it is found by. */
export interface ProductText {
  id: string;
  slug: string;
  /** JSON of a `Product`. */
  body: string;
  /** When it was last edited or priced, in milliseconds. A sale changes the body and not this. */
  version: string;
}

interface ListedProduct extends ProductText {
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

/**
 * A product as its JSON text, from a row p of products. The database makes the text that goes over the wire: parsing twenty
 * products and writing them out again is the dearest thing that a list could do in Node.
 */
const BODY = `
  (SELECT row_to_json(product) FROM (
    SELECT p.id, p.slug, p.name, p.description,
      ARRAY(SELECT c.slug FROM product_categories pc JOIN categories c ON c.id = pc.category_id
        WHERE pc.product_id = p.id ORDER BY c.slug) AS categories,
      ARRAY(SELECT row_to_json(variant) FROM (
        SELECT v.sku, v.name, (SELECT row_to_json(money) FROM (SELECT v.price_amount AS amount, v.currency) money) AS price,
          (SELECT coalesce(sum(s.available), 0) FROM stock s WHERE s.sku = v.sku) AS available
        FROM variants v WHERE v.product_id = p.id ORDER BY v.position) variant) AS variants,
      p.images, to_char(p.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "updatedAt") product)::text AS body,
  (extract(epoch FROM p.updated_at) * 1000)::bigint::text AS version`;

/** The catalogue in the database, for those who read it. Every read says how new its answer must be. */
export function createCatalogueRepository(db: Db) {
  return {
    /** Products by id or slug, archived ones left out. */
    findProducts: (idsOrSlugs: readonly string[], after: Position | undefined): Promise<Snapshot<ProductText[]>> =>
      db.replica(after).snapshot((node) => {
        const ids = idsOrSlugs.filter((value) => UUID.test(value));
        const slugs = idsOrSlugs.filter((value) => !UUID.test(value));
        // One index scan for what is nearly always asked; an OR of both would cost a bitmap of two.
        if (slugs.length === 0) return node.query<ProductText>(PRODUCTS_BY_ID, [ids]);
        if (ids.length === 0) return node.query<ProductText>(BY_SLUG, [slugs]);
        return Promise.all([node.query<ProductText>(PRODUCTS_BY_ID, [ids]), node.query<ProductText>(BY_SLUG, [slugs])]).then((rows) =>
          rows.flat(),
        );
      }),

    listProducts(query: ProductQuery, after: Position | undefined): Promise<Snapshot<ListedProduct[]>> {
      const { text, values } = listStatement(query);
      return db.replica(after).snapshot((node) => node.query<ListedProduct>(text, values));
    },

    listCategories: (after: Position | undefined): Promise<Snapshot<CategoryRow[]>> =>
      db.replica(after).snapshot((node) =>
        node.prisma.category.findMany({
          select: { id: true, slug: true, name: true, parentId: true },
          orderBy: [{ position: 'asc' }, { slug: 'asc' }],
        }),
      ),
  };
}
export type CatalogueRepository = ReturnType<typeof createCatalogueRepository>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const PRODUCTS_BY_ID = `SELECT p.id, p.slug, ${BODY} FROM products p WHERE p.id = ANY($1::uuid[]) AND p.archived_at IS NULL`;
const BY_SLUG = `SELECT p.id, p.slug, ${BODY} FROM products p WHERE p.slug = ANY($1) AND p.archived_at IS NULL`;

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
    SELECT p.id, p.slug, ${BODY}, p.sort_key AS "sortKey" FROM page p ${order('p.sort_key')}`;
  return { text, values };
}
