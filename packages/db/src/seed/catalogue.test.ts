import { describe, expect, it } from 'vitest';
import { createCatalogue } from './catalogue.ts';

describe('createCatalogue', () => {
  const { categories, products } = createCatalogue(500);

  it('makes the same catalogue each time', () => {
    expect(createCatalogue(500)).toEqual({ categories, products });
  });

  it('makes slugs, SKUs and ids that are unique and well formed', () => {
    const skus = products.flatMap(({ variants }) => variants.map(({ sku }) => sku));
    expect(new Set(skus).size).toBe(skus.length);
    expect(skus.filter((sku) => !/^[A-Z0-9-]{3,32}$/.test(sku))).toEqual([]);
    expect(new Set(products.map(({ slug }) => slug)).size).toBe(products.length);
    expect(products.filter(({ slug }) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug))).toEqual([]);
    expect(products.filter(({ id }) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toEqual([]);
  });

  it('puts every product on a shelf of the second level, at the price of its cheapest variant', () => {
    const shelves = new Set(categories.filter(({ parentId }) => parentId).map(({ id }) => id));
    for (const { categoryIds, priceAmount, variants } of products) {
      expect(categoryIds.every((id) => shelves.has(id))).toBe(true);
      expect(priceAmount).toBe(Math.min(...variants.map((variant) => variant.priceAmount)));
    }
  });
});
