import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { seed, startReplica, type Replica, until } from '../../testing/replica.ts';
import { CategoryList, Product, ProductList } from './schemas.ts';

const stores = inject('stores');
let here: Replica;
let there: Replica;

beforeAll(async () => {
  await seed(stores);
  [here, there] = await Promise.all([startReplica(stores, 'api-1'), startReplica(stores, 'api-2')]);
  await until('both reach redis-cache', () => here.app.cache.available && there.app.cache.available);
});
afterAll(() => Promise.all([here?.close(), there?.close()]));

const list = async (query: string) => (await here.get(`/v1/products?${query}`)).json();
const problem = async (url: string) => {
  const response = await here.get(url);
  expect(response.headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'x-served-by': expect.stringMatching(/^api-/),
    'x-request-id': response.json().requestId,
  });
  return response.json();
};

interface Listed {
  id: string;
  name: string;
  variants: { price: { amount: number } }[];
}
const lowest = ({ variants }: Listed) => Math.min(...variants.map(({ price }) => price.amount));
const compare = (a: string | number, b: string | number) => (a < b ? -1 : Number(a > b));
const ORDERS: Record<string, (a: Listed, b: Listed) => number> = {
  price: (a, b) => compare(lowest(a), lowest(b)) || compare(a.id, b.id),
  '-price': (a, b) => compare(lowest(b), lowest(a)) || compare(b.id, a.id),
  name: (a, b) => compare(a.name, b.name) || compare(a.id, b.id),
  newest: (a, b) => compare(b.id, a.id),
};

describe('GET /v1/products', () => {
  it('answers what its schema says, 20 products at first', async () => {
    const answer = await list('');
    expect(Value.Errors(ProductList, answer)).toEqual([]);
    expect(answer.items).toHaveLength(20);
  });

  it.each(['price', '-price', 'name', 'newest'])('walks through pages by %s without losing or repeating one', async (sort) => {
    const seen: Listed[] = [];
    let cursor = '';
    do {
      const page: { items: Listed[]; nextCursor: string | null } = await list(
        `category=mugs&limit=50&sort=${sort}${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.items);
      cursor = page.nextCursor ?? '';
    } while (cursor);
    expect(seen.length).toBeGreaterThan(150);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect(seen).toEqual(seen.toSorted(ORDERS[sort]));
  });

  it('includes in a category what lies below it', async () => {
    const { items } = await list('category=kitchen&limit=100');
    expect(new Set(items.flatMap((item: { categories: string[] }) => item.categories))).toEqual(
      new Set(['mugs', 'knives', 'pans', 'bowls', 'kettles']),
    );
  });

  it('filters by price and by stock', async () => {
    const { items } = await list('minPrice=5000&maxPrice=6000&inStock=true&limit=100&sort=price');
    expect(items.length).toBe(100);
    for (const item of items) {
      expect(lowest(item)).toBeGreaterThanOrEqual(5000);
      expect(lowest(item)).toBeLessThanOrEqual(6000);
      expect(item.variants.some((variant: { available: number }) => variant.available > 0)).toBe(true);
    }
  });

  it.each([
    ['ceramic mug', 'words of the name'],
    ['ceramics mugs', 'other forms of the words'],
    ['cermaic mug', 'letters in the wrong order'],
    ['ceramik mug', 'a wrong letter'],
  ])('finds ceramic mugs by "%s": %s', async (q) => {
    const { items } = await list(`q=${encodeURIComponent(q)}`);
    expect(items[0].name).toMatch(/Ceramic Mug$/);
  });

  it('pages through the best matches too', async () => {
    const first = await list('q=oak&limit=5');
    const second = await list(`q=oak&limit=5&cursor=${first.nextCursor}`);
    const ids = [...first.items, ...second.items].map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(10);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['limit=', 'limit'],
    ['unknown=1', 'unknown'],
    ['__proto__=1', '__proto__'],
    ['minPrice=-1', 'minPrice'],
    ['maxPrice=99999999999999999999', 'maxPrice'],
    ['inStock=maybe', 'inStock'],
    ['sort=cheap', 'sort'],
    ['q=', 'q'],
    ['q=%00', 'q'],
    ['q=a%0Ab', 'q'],
    [`q=${'x'.repeat(101)}`, 'q'],
    ['category=Kitchen%00', 'category'],
    [`category=${encodeURIComponent('\u{1F6D2}')}`, 'category'],
    ['category=no-such-category', 'category'],
    ['cursor=%F0%9F%98%80', 'cursor'],
    ['cursor=abc', 'cursor'],
    ['cursor=abc.def', 'cursor'],
  ])('refuses ?%s and names the field', async (query, field) => {
    const answer = await problem(`/v1/products?${query}`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.errors).toEqual([{ field, message: expect.any(String) }]);
  });

  it('refuses a cursor of other filters, and one that was changed', async () => {
    const { nextCursor } = await list('sort=price');
    expect(await problem(`/v1/products?sort=name&cursor=${nextCursor}`)).toMatchObject({ code: 'invalid_cursor', status: 400 });
    expect(await problem(`/v1/products?sort=price&cursor=A${nextCursor.slice(1)}`)).toMatchObject({ code: 'invalid_cursor', status: 400 });
  });

  it('looks for any text that people may type', async () => {
    for (const q of ['\u{1F525}', `"; DROP TABLE products; --`, '%', '_', '\\', '!!!', '<script>', "o'neill", '&|!()<->:*']) {
      expect((await here.get(`/v1/products?q=${encodeURIComponent(q)}`)).statusCode).toBe(200);
    }
  });
});

describe('GET /v1/products/{id}', () => {
  it('answers the same product by id and by slug, as its schema says', async () => {
    const [product] = (await list('limit=1')).items;
    const [byId, bySlug] = await Promise.all([here.get(`/v1/products/${product.id}`), here.get(`/v1/products/${product.slug}`)]);
    expect(byId.json()).toEqual(product);
    expect(bySlug.json()).toEqual(product);
    expect(Value.Errors(Product, product)).toEqual([]);
  });

  it('says 404 for one that does not exist, and 400 for what cannot be one', async () => {
    expect(await problem('/v1/products/no-such-product')).toMatchObject({ status: 404, code: 'product_not_found' });
    expect(await problem('/v1/products/00000000-0000-7000-8000-000000000000')).toMatchObject({ status: 404 });
    expect(await problem('/v1/products/a%00b')).toMatchObject({ status: 400, errors: [{ field: 'id' }] });
    expect(await problem('/v1/products/%ff')).toMatchObject({ status: 400, code: 'bad_url' });
  });

  it('answers 304 to a client that has it, whatever the edge did to the tag', async () => {
    const [product] = (await list('limit=1&sort=name')).items;
    const { headers } = await here.get(`/v1/products/${product.id}`);
    const etag = String(headers['etag']);
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await here.get(`/v1/products/${product.id}`, { 'if-none-match': given });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
    expect((await here.get(`/v1/products/${product.id}`, { 'if-none-match': '"other"' })).statusCode).toBe(200);
  });

  it('says which tier answered', async () => {
    const slug = (await list('limit=1&sort=-price')).items[0].slug;
    const status = async (replica: Replica) => (await replica.get(`/v1/products/${slug}`)).headers['cache-status'];
    expect(await status(here)).toMatch(/detail=postgres-replica-\d/);
    expect(await status(here)).toBe('tenfold-l1; hit');
    await until('the shared tier has it', async () => (await status(there)) !== undefined);
    expect(await status(there)).toBe('tenfold-l1; hit');
  });
});

describe('GET /v1/categories', () => {
  it('answers a tree of two levels, as its schema says', async () => {
    const answer = (await here.get('/v1/categories')).json();
    expect(Value.Errors(CategoryList, answer)).toEqual([]);
    expect(answer.items).toHaveLength(48);
    expect(answer.items.filter(({ parent }: { parent: string | null }) => parent === null)).toHaveLength(8);
  });
});

describe('the Consistency-Token header', () => {
  it.each(['', 'x', 'A'.repeat(38), `${'A'.repeat(37)}\u00e9`])('is refused when this service did not issue it: %j', async (token) => {
    const answer = await here.get('/v1/products?limit=1', { 'consistency-token': token });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_consistency_token', errors: [{ field: 'Consistency-Token' }] });
  });
});
