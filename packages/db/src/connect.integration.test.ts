import { startTestStores, type TestStores } from '@tenfold/local/testing';
import { createLogger } from '@tenfold/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool } from './pool.ts';
import { openDb, POOL } from './testing/open.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores({ replicas: 0 });
});
afterAll(() => stores?.close());

it('a budget that PostgreSQL cannot grant stops the process, with the numbers', async () => {
  const greedy = openDb(stores, { budget: { apiMaxReplicas: 40, workers: 10, reserve: 8 } });
  await expect(greedy.connect(30_000)).rejects.toThrow(/API_MAX_REPLICAS 40 x 6 connections.* = 258, but PostgreSQL grants \d+: lower/);
  await greedy.close();
});

it('a database that nobody started is a sentence', async () => {
  const nobody = openDb(stores, { servers: [{ name: 'postgres-primary', url: 'postgresql://x:y@127.0.0.1:1/none' }] });
  await expect(nobody.connect(300)).rejects.toThrow('no database server answered in 0.3 s (postgres-primary)');
  await nobody.close();
});

it('a pool of which a connection can not be had puts the others back', async () => {
  const options = { ...POOL, size: 2, waitTimeout: 300 };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const pool = createPool(stores.facts.postgres.primary.apiUrl, 'test', options, logger, { observe: () => undefined });
  const held = await pool.pg.connect();
  await expect(pool.warm()).rejects.toThrow('timeout exceeded');
  held.release();
  expect(pool.pg.idleCount).toBe(2);
  await pool.close();
});
