import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

/** Tables whose `user_id` is not what they are distributed by: the directory is, by address, and stock, by SKU. */
const OTHERWISE: Record<string, string> = { email_directory: 'email', stock_ledger: 'sku' };

const client = new Client({ connectionString: inject('stores').postgres.primary.ownerUrl });
beforeAll(() => client.connect());
afterAll(() => client.end());

interface Key {
  table: string;
  name: string;
  columns: string[];
}

describe('every table that belongs to users is ready to be distributed by user', () => {
  it('by its primary key, and by every key that has to be unique', async () => {
    const keys = await rows<Key>(`
      SELECT t.relname AS table, i.relname AS name,
        ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int[]) WITH ORDINALITY k (n, o) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.n ORDER BY o) AS columns
      FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
      WHERE x.indisunique AND t.relnamespace = 'public'::regnamespace
        AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'user_id')`);
    const tables = keys.map(({ table }) => table);
    expect(tables).toEqual(expect.arrayContaining(['orders', 'order_items', 'payments', 'idempotency_keys', 'outbox', 'sessions']));
    expect(keys.filter(({ table, columns }) => columns[0] !== (OTHERWISE[table] ?? 'user_id'))).toEqual([]);
  });

  it('by every reference to another of them', async () => {
    const references = await rows<Key>(`
      SELECT t.relname AS table, c.conname AS name,
        ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k (n, o) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.n ORDER BY o) AS columns
      FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
      WHERE c.contype = 'f' AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attname = 'user_id')`);
    expect(references.length).toBeGreaterThan(4);
    expect(references.filter(({ columns }) => columns[0] !== 'user_id')).toEqual([]);
  });
});

async function rows<Row extends object>(text: string): Promise<Row[]> {
  return (await client.query<Row>(text)).rows;
}
