import { type Cached, furthest } from '@tenfold/cache';
import type { Position } from '@tenfold/runtime';
import { withField } from '../../plugins/problems.ts';
import { type Body, type CatalogueCache, listBody, type PageKey } from './catalogue-cache.ts';
import type { Cursors } from '../../cursor.ts';
import { CategoryNotFound, InvalidCursor, ProductNotFound } from './errors.ts';
import type { Category, ListProducts } from './schemas.ts';

/** What shoppers read, from the nearest tier that has it new enough. */
export function createCatalogue({ products, pages, tree }: CatalogueCache, cursors: Cursors) {
  /** @throws CategoryNotFound */
  async function withDescendants(slug: string, after: Position | undefined): Promise<string[]> {
    const { value: rows } = await tree.read('all', after);
    const top = rows.find((row) => row.slug === slug);
    if (!top) throw withField(new CategoryNotFound(slug), 'category', 'is not a category');
    const ids = [top.id];
    for (const id of ids) ids.push(...rows.filter(({ parentId }) => parentId === id).map((row) => row.id));
    return ids;
  }

  /** Most are at hand, and a promise for each would cost more than they do. */
  async function readAll(ids: readonly string[], after: Position | undefined): Promise<Cached<Body | null>[]> {
    const atHand = ids.map((id) => products.peek(id, after));
    const missing = ids.filter((_id, index) => !atHand[index]);
    if (missing.length === 0) return atHand.flatMap((item) => item ?? []);
    const read = await Promise.all(missing.map((id) => products.read(id, after)));
    return atHand.flatMap((item) => item ?? read.shift() ?? []);
  }

  return {
    /** @throws ProductNotFound */
    async findProduct(idOrSlug: string, after: Position | undefined): Promise<Cached<Body>> {
      const { value, status } = await products.read(idOrSlug, after);
      if (!value) throw new ProductNotFound(idOrSlug);
      return { value, status };
    },

    /** @throws InvalidCursor, CategoryNotFound */
    async listProducts({ limit, cursor, sort, category, ...filter }: ListProducts, after: Position | undefined): Promise<Cached<Body>> {
      const order = sort ?? (filter.q === undefined ? 'newest' : 'best');
      const filters = JSON.stringify([order, category, filter.q, filter.minPrice, filter.maxPrice, filter.inStock]);
      const end = cursor === undefined ? undefined : cursors.verify(cursor, filters);
      if (cursor !== undefined && !end) throw withField(new InvalidCursor(), 'cursor', 'was not issued by this list for these filters');
      const categories = category === undefined ? undefined : await withDescendants(category, after);

      const key: PageKey = { query: { sort: order, limit, after: end, categories, ...filter }, filters };
      const page = await pages.read(JSON.stringify(key), after);
      const items = await readAll(page.value.ids, after);
      const bodies = items.flatMap(({ value }) => value ?? []);
      return { value: listBody(bodies, page.value.nextCursor), status: furthest([page.status, ...items.map((item) => item.status)]) };
    },

    async listCategories(after: Position | undefined): Promise<Cached<{ items: Category[] }>> {
      const { value: rows, status } = await tree.read('all', after);
      const slugs = new Map(rows.map(({ id, slug }) => [id, slug]));
      const items = rows.map(({ slug, name, parentId }) => ({ slug, name, parent: (parentId && slugs.get(parentId)) ?? null }));
      return { value: { items }, status };
    },
  };
}
export type Catalogue = ReturnType<typeof createCatalogue>;
