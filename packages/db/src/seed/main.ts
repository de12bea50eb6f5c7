/** Fills an empty catalogue: `DATABASE_URL=… node packages/db/src/seed/main.ts`. A catalogue with products in it is left alone. */
import pg from 'pg';
import { readConfig } from '../config.ts';
import { createCatalogue } from './catalogue.ts';
import { insertCatalogue } from './insert.ts';

const PRODUCTS = 10_000;

/** Any number will do, as long as every seeding process takes the same: of two at once the second finds the work done. */
const ADVISORY_LOCK = 20_260_101;

const { url } = readConfig();
const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
try {
  await client.connect();
  await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
  const { rows } = await client.query('SELECT 1 FROM products LIMIT 1');
  if (rows.length > 0) {
    process.stdout.write('the catalogue has products already\n');
  } else {
    const catalogue = createCatalogue(PRODUCTS);
    await insertCatalogue(client, catalogue);
    process.stdout.write(`seeded ${catalogue.products.length} products in ${catalogue.categories.length} categories\n`);
  }
} catch (error) {
  process.stderr.write(`seed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await client.end().catch(() => undefined);
}
