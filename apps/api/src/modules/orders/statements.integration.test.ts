import { startTestStores } from '@tenfold/local/testing';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { openShop } from '../../testing/shop.ts';

const ORDERS = 20;

describe('an order of one item', () => {
  it('is eight statements, besides BEGIN, SAVEPOINT and COMMIT', async () => {
    const stores = await startTestStores({ replicas: 1 });
    const shop = await openShop(stores.facts, { replicas: 1 });
    const database = new Client({ connectionString: stores.facts.postgres.primary.superuserUrl });
    try {
      await database.connect();
      const [user, { sku }] = await Promise.all([shop.account(), shop.product({ available: 1000 })]);
      await database.query('SELECT monitoring.pg_stat_statements_reset()');
      for (let order = 0; order < ORDERS; order += 1) await shop.order(user, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' });
      const { rows } = await database.query<{ query: string; calls: number }>(
        `SELECT regexp_replace(query, '\\s+', ' ', 'g') AS query, calls::int FROM monitoring.pg_stat_statements
         WHERE calls >= ${ORDERS} AND userid = 'tenfold_api'::regrole ORDER BY query COLLATE "C"`,
      );
      const ours = rows.filter(({ query }) => !query.includes('pg_is_in_recovery'));
      expect(ours.map(({ query, calls }) => `${calls / ORDERS} x ${query.trim().slice(0, 40)}`)).toEqual([
        '1 x INSERT INTO audit_records (user_id, acti',
        '1 x INSERT INTO outbox (user_id, topic, vers',
        '1 x SELECT pg_current_wal_lsn()::text AS lsn',
        '1 x SELECT v.sku, p.name AS "productName", v',
        '1 x UPDATE idempotency_keys SET status = $4,',
        '1 x WITH lock AS MATERIALIZED ( SELECT pg_tr',
        '1 x WITH o AS ( INSERT INTO orders (user_id,',
        '1 x WITH taken AS ( UPDATE stock SET availab',
      ]);
    } finally {
      await database.end();
      await shop.close();
      await stores.close();
    }
  });
});
