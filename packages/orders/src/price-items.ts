import type { Sql } from '@tenfold/db';
import { archivedSku, mixedCurrencies, outOfStock, type PriceChange, pricesChanged, unknownSku } from './refusals.ts';

export interface WantedItem {
  sku: string;
  quantity: number;
  /** What the buyer has seen; an order at another price is refused. Without a currency it is in the item's own. */
  expected?: { amount: number; currency?: string } | undefined;
}

/** An item as it is sold. */
export interface OrderItem {
  sku: string;
  productName: string;
  variantName: string;
  quantity: number;
  unitAmount: number;
}

interface Variant {
  productName: string;
  variantName: string;
  unitAmount: number;
  currency: string;
  buckets: number;
  archived: boolean;
  available: number;
}

const VARIANTS = `
  SELECT v.sku, p.name AS "productName", v.name AS "variantName", v.price_amount AS "unitAmount", v.currency,
    v.stock_buckets AS buckets, p.archived_at IS NOT NULL AS archived,
    (SELECT coalesce(sum(s.available), 0) FROM stock s WHERE s.sku = v.sku) AS available
  FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = ANY($1)`;

/**
 * Looks up what is wanted: as it is now, on the primary.
 *
 * @throws Refusal for what isn't sold, costs something else than expected, or is sold out already. That there is enough
 * is not decided here, but by whoever takes it.
 */
export async function priceItems(
  tx: Sql,
  wanted: readonly WantedItem[],
): Promise<{ items: (OrderItem & { buckets: number })[]; currency: string }> {
  const rows = await tx.query<Variant & { sku: string }>(VARIANTS, [wanted.map(({ sku }) => sku)]);
  const bySku = new Map(rows.map((row) => [row.sku, row]));
  const changes: PriceChange[] = [];
  const items = wanted.map(({ sku, quantity, expected }, index) => {
    const variant = bySku.get(sku);
    if (!variant) throw unknownSku(sku, index);
    if (variant.archived) throw archivedSku(sku, index);
    if (expected && !isPrice(expected, variant)) {
      changes.push({
        sku,
        index,
        expected: shown({ currency: variant.currency, ...expected }),
        actual: shown({ ...variant, amount: variant.unitAmount }),
      });
    }
    if (variant.available < quantity) throw outOfStock(sku, index, quantity);
    const { productName, variantName, unitAmount, buckets } = variant;
    return { sku, productName, variantName, quantity, unitAmount, buckets };
  });
  if (changes.length > 0) throw pricesChanged(changes);
  return { items, currency: theCurrency(rows) };
}

function isPrice(expected: { amount: number; currency?: string }, { unitAmount, currency }: Variant): boolean {
  return expected.amount === unitAmount && (expected.currency ?? currency) === currency;
}

/** In minor units, as everywhere. */
function shown({ amount, currency }: { amount: number; currency: string }): string {
  return `${amount} ${currency}`;
}

function theCurrency(rows: readonly Variant[]): string {
  const [currency, ...others] = new Set(rows.map((row) => row.currency));
  if (currency === undefined) throw new Error('an order needs at least one item');
  if (others.length > 0) throw mixedCurrencies([currency, ...others]);
  return currency;
}
