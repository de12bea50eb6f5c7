import type { Client } from 'pg';
import type { SeedCategory, SeedProduct } from './catalogue.ts';

const BATCH = 1000;

/** Writes the whole catalogue or, when anything fails, nothing of it. */
export async function insertCatalogue(client: Client, { categories, products }: { categories: SeedCategory[]; products: SeedProduct[] }) {
  await client.query('BEGIN');
  try {
    await insert(client, 'categories (id, slug, name, parent_id, position)', CATEGORY, categories);
    for (let start = 0; start < products.length; start += BATCH) await insertProducts(client, products.slice(start, start + BATCH));
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  await client.query('ANALYZE');
}

const CATEGORY = `SELECT id, slug, name, "parentId", position
  FROM json_to_recordset($1) AS x(id uuid, slug text, name text, "parentId" uuid, position int)`;
const PRODUCT = `SELECT id, slug, name, description, "priceAmount", "createdAt", "createdAt"
  FROM json_to_recordset($1) AS x(id uuid, slug text, name text, description text, "priceAmount" int, "createdAt" timestamptz)`;
const PRODUCT_CATEGORY = `SELECT "categoryId", "productId" FROM json_to_recordset($1) AS x("categoryId" uuid, "productId" uuid)`;
const VARIANT = `SELECT sku, "productId", name, "priceAmount", currency, position
  FROM json_to_recordset($1) AS x(sku text, "productId" uuid, name text, "priceAmount" int, currency text, position int)`;
const STOCK = `SELECT sku, available FROM json_to_recordset($1) AS x(sku text, available int)`;
const STOCK_LEDGER = `SELECT sku, 0, available, 'counted' FROM json_to_recordset($1) AS x(sku text, available int) WHERE available > 0`;

async function insertProducts(client: Client, products: SeedProduct[]) {
  const variants = products.flatMap(({ id, variants: own }) => own.map((variant) => ({ ...variant, productId: id })));
  const places = products.flatMap(({ id, categoryIds }) => categoryIds.map((categoryId) => ({ categoryId, productId: id })));
  await insert(client, 'products (id, slug, name, description, price_amount, created_at, updated_at)', PRODUCT, products);
  await insert(client, 'product_categories (category_id, product_id)', PRODUCT_CATEGORY, places);
  await insert(client, 'variants (sku, product_id, name, price_amount, currency, position)', VARIANT, variants);
  await insert(client, 'stock (sku, available)', STOCK, variants);
  await insert(client, 'stock_ledger (sku, bucket, delta, reason)', STOCK_LEDGER, variants);
}

async function insert(client: Client, into: string, select: string, rows: readonly object[]) {
  await client.query(`INSERT INTO ${into} ${select}`, [JSON.stringify(rows)]);
}
