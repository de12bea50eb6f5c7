import { createHash } from 'node:crypto';
import { type Cache, type Cached, createBatchLoader, furthest, type Loaded } from '@tenfold/cache';
import type { Position } from '@tenfold/runtime';
import { withField } from '../../plugins/problems.ts';
import { type Cursors } from './cursor.ts';
import { CategoryNotFound, InvalidCursor, ProductNotFound, SkuNotFound } from './errors.ts';
import type { CatalogueRepository, CategoryRow, ProductQuery } from './repository.ts';
import type { Category, ListProducts, Product, SetStock, Stock } from './schemas.ts';

/** An answer as it goes over the wire, made once and served many times. */
export interface Body {
  text: string;
  etag: string;
}

interface Page {
  ids: string[];
  nextCursor: string | null;
}

interface CatalogueOptions {
  repository: CatalogueRepository;
  cache: Cache;
  cursors: Cursors;
  /** Milliseconds. */
  freshFor: number;
  staleFor: number;
  /** Bytes that one replica keeps of all of it. */
  maxBytes: number;
}

/** What shoppers read, from the nearest tier that has it new enough, and what staff change. */
export function createCatalogue({ repository, cache, cursors, freshFor, staleFor, maxBytes }: CatalogueOptions) {
  const times = { freshFor, staleFor };
  const share = (part: number) => Math.floor(maxBytes * part);
  const products = cache.collection<Body | null>({
    name: 'product-1',
    load: createBatchLoader(loadProducts),
    maxBytes: share(0.8),
    ...times,
  });
  const pages = cache.collection<Page>({ name: 'page-1', load: loadPage, maxBytes: share(0.15), ...times });
  const tree = cache.collection<CategoryRow[]>({ name: 'categories-1', load: loadCategories, maxBytes: share(0.05), ...times });

  async function loadProducts(keys: readonly string[], after: Position | undefined) {
    const { value: found, position, source } = await repository.findProducts(keys, after);
    const byKey = new Map(found.flatMap((product) => [[product.id, product] as const, [product.slug, product] as const]));
    return (key: string): Loaded<Body | null> => {
      const product = byKey.get(key);
      return { value: product ? productBody(product) : null, position, source };
    };
  }

  /** The products of a page come with it: they are kept one by one, so that a change of one changes every page it is on. */
  async function loadPage(key: string, after: Position | undefined): Promise<Loaded<Page>> {
    const { query, filters }: PageKey = JSON.parse(key);
    const { value: rows, position, source } = await repository.listProducts({ ...query, limit: query.limit + 1 }, after);
    const items = rows.slice(0, query.limit);
    for (const row of items) products.keep(row.id, { value: productBody(row), position, source });
    const last = rows.length > query.limit ? items.at(-1) : undefined;
    const nextCursor = last ? cursors.issue([last.sortKey, last.id], filters) : null;
    return { value: { ids: items.map(({ id }) => id), nextCursor }, position, source };
  }

  function loadCategories(_key: string, after: Position | undefined): Promise<Loaded<CategoryRow[]>> {
    return repository.listCategories(after);
  }

  /** @throws CategoryNotFound */
  async function withDescendants(slug: string, after: Position | undefined): Promise<string[]> {
    const { value: rows } = await tree.read('all', after);
    const top = rows.find((row) => row.slug === slug);
    if (!top) throw withField(new CategoryNotFound(slug), 'category', 'is not a category');
    const ids = [top.id];
    for (const id of ids) ids.push(...rows.filter(({ parentId }) => parentId === id).map((row) => row.id));
    return ids;
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
      const items = await Promise.all(page.value.ids.map((id) => products.read(id, after)));
      const status = furthest([page.status, ...items.map((item) => item.status)]);
      return {
        value: listBody(
          items.flatMap(({ value }) => value ?? []),
          page.value.nextCursor,
        ),
        status,
      };
    },

    async listCategories(after: Position | undefined): Promise<Cached<{ items: Category[] }>> {
      const { value: rows, status } = await tree.read('all', after);
      const slugs = new Map(rows.map(({ id, slug }) => [id, slug]));
      const items = rows.map(({ slug, name, parentId }) => ({ slug, name, parent: (parentId && slugs.get(parentId)) ?? null }));
      return { value: { items }, status };
    },

    /** @throws SkuNotFound */
    async setStock(sku: string, { available, buckets }: SetStock): Promise<{ stock: Stock; position: Position }> {
      const { value: change, position } = await repository.setStock(sku, available, buckets);
      if (!change) throw new SkuNotFound(sku);
      await products.invalidate([change.productId, change.productSlug], position);
      // Only then may it enter or leave the lists of what is in stock.
      if ((change.before === 0) !== (change.available === 0)) await pages.invalidateAll(position);
      return { stock: { sku, available: change.available }, position };
    },
  };
}
export type Catalogue = ReturnType<typeof createCatalogue>;

interface PageKey {
  query: ProductQuery;
  filters: string;
}

function productBody({ id, slug, name, description, categories, variants, images, updatedAt }: Product): Body {
  const product: Product = { id, slug, name, description, categories, variants, images, updatedAt };
  const text = JSON.stringify(product);
  return { text, etag: etag(text) };
}

function listBody(items: readonly Body[], nextCursor: string | null): Body {
  const text = `{"items":[${items.map((item) => item.text).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;
  return { text, etag: etag(items.map((item) => item.etag).join() + nextCursor) };
}

function etag(text: string): string {
  return `"${createHash('sha1').update(text).digest('base64url').slice(0, 22)}"`;
}
