import { createHash } from 'node:crypto';
import { type Cache, createBatchLoader, type Loaded, SHARED_COLLECTIONS } from '@tenfold/cache';
import type { Position } from '@tenfold/runtime';
import type { Cursors } from '../../cursor.ts';
import type { CatalogueRepository, CategoryRow, ProductQuery, ProductText } from './repository.ts';

/** An answer as it goes over the wire, made once and served many times. */
export interface Body {
  text: string;
  etag: string;
}

interface Page {
  ids: string[];
  nextCursor: string | null;
}

/** What a page is found by. */
export interface PageKey {
  query: ProductQuery;
  filters: string;
}

interface CatalogueCacheOptions {
  repository: CatalogueRepository;
  cache: Cache;
  cursors: Cursors;
  /** Milliseconds. */
  freshFor: number;
  staleFor: number;
  /** Bytes that one replica keeps of all of it. */
  maxBytes: number;
}

/** What of the catalogue is cached, under which keys, and what has to go when it changes. */
export function createCatalogueCache({ repository, cache, cursors, freshFor, staleFor, maxBytes }: CatalogueCacheOptions) {
  const times = { freshFor, staleFor };
  const share = (part: number) => Math.floor(maxBytes * part);
  const products = cache.collection<Body | null>({
    name: SHARED_COLLECTIONS.products,
    load: createBatchLoader(loadProducts),
    maxBytes: share(0.8),
    ...times,
  });
  const pages = cache.collection<Page>({ name: SHARED_COLLECTIONS.pages, load: loadPage, maxBytes: share(0.15), ...times });
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

  return {
    products,
    pages,
    tree,
    /**
     * Forgets a product everywhere, under all its names.
     *
     * @param lists whether it may now be on other pages, or at other places on them.
     */
    async productChanged({ id, slugs, lists }: { id: string; slugs: readonly string[]; lists: boolean }, position: Position) {
      await products.invalidate([id, ...slugs], position);
      if (lists) await pages.invalidateAll(position);
    },
  };
}
export type CatalogueCache = ReturnType<typeof createCatalogueCache>;

/** Its entity tag changes with all that it says, and begins with the version, which is what an edit is made for. */
export function productBody({ body, version }: ProductText): Body {
  return { text: body, etag: `"${version}-${hash(body)}"` };
}

/** Of all that the page shows: the entity tags of its products change with them. */
export function listBody(items: readonly Body[], nextCursor: string | null): Body {
  const text = `{"items":[${items.map((item) => item.text).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;
  return { text, etag: `"${hash(items.map((item) => item.etag).join() + nextCursor)}"` };
}

function hash(text: string): string {
  return createHash('sha1').update(text).digest('base64url').slice(0, 22);
}
