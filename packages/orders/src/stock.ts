import type { Sql } from '@tenfold/db';
import type { OrderRef } from './states.ts';

export interface StockLine {
  sku: string;
  quantity: number;
  /** Over how many rows the SKU's stock is spread. */
  buckets: number;
}

interface Bucket {
  bucket: number;
  available: number;
}

/** `bucket`: as much as one bucket has; `all`: out of as many as it takes. */
export type Reach = 'bucket' | 'all';

const TAKE = `
  WITH taken AS (
    UPDATE stock SET available = available - $3, updated_at = now()
    WHERE sku = $1 AND bucket = $2 AND available >= $3 RETURNING sku, bucket, available
  ), entry AS (
    INSERT INTO stock_ledger (sku, bucket, delta, reason, user_id, order_id)
    SELECT sku, bucket, -$3::integer, 'reserved', $4, $5 FROM taken
  )
  SELECT available FROM taken`;

const LOCK = 'SELECT bucket, available FROM stock WHERE sku = $1 ORDER BY bucket FOR NO KEY UPDATE';

const CHANGE = `
  WITH changed AS (
    UPDATE stock s SET available = s.available + c.delta, updated_at = now()
    FROM unnest($2::integer[], $3::integer[]) AS c (bucket, delta)
    WHERE s.sku = $1 AND s.bucket = c.bucket RETURNING s.sku, s.bucket, c.delta
  )
  INSERT INTO stock_ledger (sku, bucket, delta, reason, user_id, order_id) SELECT sku, bucket, delta, $4, $5, $6 FROM changed`;

const RETURN = `
  WITH returned AS (
    UPDATE stock SET available = available + $3, updated_at = now()
    WHERE sku = $1 AND bucket = $2 RETURNING sku, bucket, old.available AS before
  ), entry AS (
    INSERT INTO stock_ledger (sku, bucket, delta, reason, user_id, order_id) SELECT sku, bucket, $3, 'returned', $4, $5 FROM returned
  )
  SELECT before FROM returned`;

/**
 * Reserves stock for an order, as the last thing before its commit: other buyers of these SKUs wait for it.
 *
 * Rows are locked in the order of SKUs, and within one either a single bucket or all of them in order, so that no two
 * orders wait for each other. That is why a caller whom `bucket` refuses has to roll back before it tries `all`: a row that
 * was waited for stays locked even when it turns out to have too little.
 *
 * @param lines of different SKUs.
 * @returns `short`, the first line of which there isn't enough in reach, or the SKUs of which a bucket is empty now.
 */
export async function takeStock(
  tx: Sql,
  order: OrderRef,
  lines: readonly StockLine[],
  reach: Reach,
): Promise<{ short: StockLine } | { short?: undefined; emptied: string[] }> {
  const emptied: string[] = [];
  for (const line of inLockOrder(lines)) {
    const left = reach === 'bucket' ? await takeFromOne(tx, order, line) : await takeFromAll(tx, order, line);
    if (left === undefined) return { short: line };
    if (left === 0) emptied.push(line.sku);
  }
  return { emptied };
}

async function takeFromOne(tx: Sql, order: OrderRef, { sku, quantity, buckets }: StockLine): Promise<number | undefined> {
  const [taken] = await tx.query<{ available: number }>(TAKE, [sku, anyOf(buckets), quantity, order.userId, order.orderId]);
  return taken?.available;
}

async function takeFromAll(tx: Sql, order: OrderRef, { sku, quantity }: StockLine): Promise<number | undefined> {
  const buckets = await tx.query<Bucket>(LOCK, [sku]);
  const total = buckets.reduce((sum, { available }) => sum + available, 0);
  if (total < quantity) return undefined;
  let missing = quantity;
  const takes = buckets.flatMap(({ bucket, available }) => {
    const take = Math.min(available, missing);
    missing -= take;
    return take > 0 ? [{ bucket, delta: -take }] : [];
  });
  await change(tx, sku, takes, 'reserved', order);
  return total - quantity;
}

/**
 * Puts back what an order had reserved. Whoever calls this has moved the order out of the only state in which it holds
 * stock, in the same transaction: so it happens once.
 *
 * @returns the SKUs of which a bucket was empty.
 */
export async function returnStock(tx: Sql, order: OrderRef): Promise<string[]> {
  const lines = await tx.query<StockLine>(
    `SELECT i.sku, i.quantity, v.stock_buckets AS buckets FROM order_items i JOIN variants v ON v.sku = i.sku
     WHERE i.user_id = $1 AND i.order_id = $2`,
    [order.userId, order.orderId],
  );
  const refilled: string[] = [];
  for (const { sku, quantity, buckets } of inLockOrder(lines)) {
    const values = [sku, anyOf(buckets), quantity, order.userId, order.orderId];
    const [row] = await tx.query<{ before: number }>(RETURN, values);
    if (row?.before === 0) refilled.push(sku);
  }
  return refilled;
}

/**
 * Sets how many of a SKU can be bought, or over how many buckets that is spread, evenly.
 *
 * @param available as many as there are when left out.
 * @param buckets 1 to 64; as many as before when left out.
 * @returns what could be bought before and what can be now, or undefined when there is no such SKU.
 */
export async function setStock(
  tx: Sql,
  sku: string,
  { available, buckets }: { available?: number | undefined; buckets?: number | undefined },
): Promise<{ before: number; available: number } | undefined> {
  const [variant] = await tx.query<{ buckets: number }>(
    'UPDATE variants SET stock_buckets = coalesce($2, stock_buckets) WHERE sku = $1 RETURNING stock_buckets AS buckets',
    [sku, buckets ?? null],
  );
  if (!variant) return undefined;
  await tx.query(
    'INSERT INTO stock (sku, bucket, available) SELECT $1, b, 0 FROM generate_series(0, $2::integer - 1) b ON CONFLICT DO NOTHING',
    [sku, variant.buckets],
  );
  const rows = await tx.query<Bucket>(LOCK, [sku]);
  const before = rows.reduce((sum, row) => sum + row.available, 0);
  const total = available ?? before;
  await change(tx, sku, spread(rows, total, variant.buckets), 'counted');
  return { before, available: total };
}

/** What each bucket has to gain or lose for the first so many to have equal shares, and the others nothing. */
function spread(rows: readonly Bucket[], total: number, buckets: number) {
  const share = (bucket: number) => (bucket < buckets ? Math.floor(total / buckets) + (bucket < total % buckets ? 1 : 0) : 0);
  return rows.map(({ bucket, available }) => ({ bucket, delta: share(bucket) - available })).filter(({ delta }) => delta !== 0);
}

async function change(
  tx: Sql,
  sku: string,
  changes: { bucket: number; delta: number }[],
  reason: 'counted' | 'reserved',
  order?: OrderRef,
) {
  const buckets = changes.map(({ bucket }) => bucket);
  const deltas = changes.map(({ delta }) => delta);
  await tx.query(CHANGE, [sku, buckets, deltas, reason, order?.userId ?? null, order?.orderId ?? null]);
}

/** By code points, as every process does it: not by a database's collation. */
function inLockOrder(lines: readonly StockLine[]): StockLine[] {
  return lines.toSorted((a, b) => (a.sku < b.sku ? -1 : 1));
}

function anyOf(buckets: number): number {
  return Math.floor(Math.random() * buckets);
}
