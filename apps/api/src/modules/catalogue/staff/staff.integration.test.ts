import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { seed, startReplica, type Replica, until } from '../../../testing/replica.ts';

const stores = inject('stores');
let here: Replica;
let there: Replica;

beforeAll(async () => {
  await seed(stores);
  [here, there] = await Promise.all([startReplica(stores, 'api-1'), startReplica(stores, 'api-2')]);
  await until('both reach redis-cache', () => here.app.cache.available && there.app.cache.available);
});
afterAll(() => Promise.all([here?.close(), there?.close()]));

const put = (sku: string, payload: unknown, headers: Record<string, string> = here.as('staff')) =>
  here.app.inject({
    method: 'PUT',
    url: `/v1/variants/${sku}/stock`,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
const send = (method: 'POST' | 'PATCH' | 'PUT', url: string, payload?: object, headers: Record<string, string> = {}) =>
  here.app.inject({ method, url, headers: { ...here.as('staff'), ...headers }, ...(payload && { payload }) });

let made = 0;
const aProduct = (changes: object = {}) => {
  made += 1;
  const price = { amount: 1200 + made, currency: 'EUR' };
  return {
    name: `Test Lantern ${made}`,
    categories: ['mugs'],
    variants: [
      { sku: `LANTERN-${made}-S`, name: 'Small', price, available: 3 },
      { sku: `LANTERN-${made}-L`, name: 'Large', price: { ...price, amount: price.amount + 500 }, available: 0 },
    ],
    ...changes,
  };
};

describe('POST /v1/products', () => {
  it('makes a product that every replica shows at once to who has its token, under its id and its slug', async () => {
    expect((await there.get('/v1/products/test-lantern-1')).statusCode).toBe(404); // cached: there is no such product
    const answer = await send('POST', '/v1/products', aProduct());
    const { id, slug, variants } = answer.json();
    expect([answer.statusCode, slug, answer.headers['location']]).toEqual([201, 'test-lantern-1', `/v1/products/${id}`]);
    expect(variants.map(({ available }: { available: number }) => available)).toEqual([3, 0]);
    const token = { 'consistency-token': String(answer.headers['consistency-token']) };
    for (const name of [id, slug]) {
      const seen = await there.get(`/v1/products/${name}`, token);
      expect([seen.headers['etag'], seen.json()]).toEqual([answer.headers['etag'], answer.json()]);
    }
    const newest = (await there.get('/v1/products?limit=1', token)).json();
    expect(newest.items[0].id).toBe(id);
  });

  it.each([
    [{ variants: [] }, 400, 'variants'],
    [{ name: '' }, 400, 'name'],
    [{ name: '日本' }, 400, 'slug'],
    [{ slug: 'Not A Slug' }, 400, 'slug'],
    [{ categories: ['no-such-category'] }, 404, 'categories'],
    [{ images: [{ url: 'javascript:alert(1)', alt: '' }] }, 400, 'images.0.url'],
    [{ images: [{ url: 'https://images.example.com/\u0000', alt: '' }] }, 400, 'images.0.url'],
    [{ name: 'half a pair: \ud83d' }, 400, 'name'],
    [{ description: '\udd25 the other half' }, 400, 'description'],
    [{ slug: '019b7654-8c00-7abc-8def-0123456789ab' }, 400, 'slug'],
    [{ priceAmount: 1 }, 400, 'priceAmount'],
    [{ archivedAt: null }, 400, 'archivedAt'],
  ])('refuses %j and names the field', async (changes, status, field) => {
    const answer = await send('POST', '/v1/products', aProduct(changes));
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([status, field]);
  });

  it('refuses a slug or a SKU that is taken, a SKU twice, and prices in two currencies, and changes nothing', async () => {
    const first = aProduct();
    await send('POST', '/v1/products', first);
    const [small, large] = first.variants;
    const cases = [
      [aProduct({ name: first.name }), 409, 'slug'],
      [aProduct({ variants: [large] }), 409, 'variants.0.sku'],
      [
        aProduct({
          variants: [
            { ...small, sku: 'TWICE-1' },
            { ...large, sku: 'TWICE-1' },
          ],
        }),
        400,
        'variants.1.sku',
      ],
      [
        aProduct({
          variants: [
            { ...small, sku: 'USD-1' },
            { ...large, sku: 'USD-2', price: { amount: 1, currency: 'USD' } },
          ],
        }),
        400,
        'variants.1.price.currency',
      ],
    ] as const;
    for (const [payload, status, field] of cases) {
      const answer = await send('POST', '/v1/products', payload);
      expect([answer.statusCode, answer.json().errors[0].field]).toEqual([status, field]);
    }
    expect(await here.app.db.primary.query("SELECT 1 FROM variants WHERE sku IN ('TWICE-1', 'USD-1')")).toEqual([]);
  });
});

describe('PATCH /v1/products/{id}', () => {
  it('needs the ETag of what it changes: of two who edit at once, one is told to look again', async () => {
    const created = await send('POST', '/v1/products', aProduct());
    const url = `/v1/products/${created.json().id}`;
    const etag = String(created.headers['etag']);
    expect((await send('PATCH', url, { name: 'New' })).json()).toMatchObject({ status: 428, errors: [{ field: 'If-Match' }] });
    const both = await Promise.all(['One', 'Two'].map((name) => send('PATCH', url, { name }, { 'if-match': etag })));
    expect(both.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412]);
    const winner = both.find(({ statusCode }) => statusCode === 200);
    const token = { 'consistency-token': String(winner?.headers['consistency-token']) };
    const seen = await there.get(url, token);
    expect([seen.json().name, seen.headers['etag']]).toEqual([winner?.json().name, winner?.headers['etag']]);
  });

  it.each(['urn:uuid:019b7654-8c00-7abc-8def-0123456789ab', '019B7654-8C00-7ABC-8DEF-0123456789AB', 'x'])(
    'refuses %s for an id: only what Postgres writes is one',
    async (id) => {
      const answer = await send('PATCH', `/v1/products/${id}`, { name: 'New' }, { 'if-match': '*' });
      expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, 'id']);
    },
  );

  it('moves a product to another slug and other categories', async () => {
    const created = await send('POST', '/v1/products', aProduct());
    const { id, slug } = created.json();
    await there.get(`/v1/products/${slug}`);
    const moved = await send(
      'PATCH',
      `/v1/products/${id}`,
      { slug: `${slug}-moved`, categories: [] },
      { 'if-match': String(created.headers['etag']) },
    );
    expect(moved.json()).toMatchObject({ slug: `${slug}-moved`, categories: [] });
    const token = { 'consistency-token': String(moved.headers['consistency-token']) };
    expect((await there.get(`/v1/products/${slug}`, token)).statusCode).toBe(404);
    expect((await there.get(`/v1/products/${slug}-moved`, token)).json().id).toBe(id);
  });
});

describe('POST /v1/products/{id}/archive', () => {
  it('takes a product out of lists and pages; twice is once', async () => {
    const { id } = (await send('POST', '/v1/products', aProduct())).json();
    const archived = await send('POST', `/v1/products/${id}/archive`);
    expect([archived.statusCode, (await send('POST', `/v1/products/${id}/archive`)).statusCode]).toEqual([204, 204]);
    const token = { 'consistency-token': String(archived.headers['consistency-token']) };
    expect((await there.get(`/v1/products/${id}`, token)).statusCode).toBe(404);
    expect((await there.get('/v1/products?limit=1', token)).json().items[0].id).not.toBe(id);
    const { status, code } = (await send('POST', `/v1/products/${crypto.randomUUID()}/archive`)).json();
    expect([status, code]).toEqual([404, 'product_not_found']);
  });
});

describe('PUT /v1/variants/{sku}/price', () => {
  it('changes the price, and where the product stands in lists by price', async () => {
    const product = aProduct();
    const { id } = (await send('POST', '/v1/products', product)).json();
    const answer = await send('PUT', `/v1/variants/${product.variants[1]?.sku}/price`, { amount: 1, currency: 'EUR' });
    expect([answer.statusCode, answer.json().price.amount]).toEqual([200, 1]);
    const token = { 'consistency-token': String(answer.headers['consistency-token']) };
    expect((await there.get('/v1/products?sort=price&limit=1', token)).json().items[0].id).toBe(id);
    await send('POST', `/v1/products/${id}/archive`);
  });

  it('knows the lowest price when two variants are priced at once', async () => {
    const { variants } = aProduct();
    const { id } = (await send('POST', '/v1/products', aProduct({ variants }))).json();
    for (let round = 0; round < 30; round += 1) {
      const amounts = [5000 + round, 6000 - round * 90].map((amount) => ({ amount, currency: 'EUR' }));
      await Promise.all(
        variants.map(({ sku }, index) =>
          (index === 0 ? here : there).app.inject({
            method: 'PUT',
            url: `/v1/variants/${sku}/price`,
            headers: here.as('staff'),
            payload: amounts[index] ?? {},
          }),
        ),
      );
      const [row] = await here.app.db.primary.query<{ lowest: number }>('SELECT price_amount AS lowest FROM products WHERE id = $1', [id]);
      expect(row?.lowest).toBe(Math.min(...amounts.map(({ amount }) => amount)));
    }
  });

  it('keeps the currency, and the range of a price', async () => {
    const { variants } = aProduct();
    await send('POST', '/v1/products', aProduct({ variants }));
    const url = `/v1/variants/${variants[0]?.sku}/price`;
    expect((await send('PUT', url, { amount: 5, currency: 'USD' })).json()).toMatchObject({ status: 409, errors: [{ field: 'currency' }] });
    for (const amount of [-1, 1.5, 2 ** 31, '5']) {
      expect((await send('PUT', url, { amount, currency: 'EUR' })).json()).toMatchObject({ status: 400, errors: [{ field: 'amount' }] });
    }
    expect((await send('PUT', '/v1/variants/NO-SUCH-SKU/price', { amount: 1, currency: 'EUR' })).json().code).toBe('sku_not_found');
  });
});

describe('every write', () => {
  it('leaves a record of who did it, by which request and through which replica, that nobody can change', async () => {
    const sub = crypto.randomUUID();
    const headers = here.as('staff', sub);
    const product = aProduct();
    const created = await here.app.inject({ method: 'POST', url: '/v1/products', headers, payload: product });
    const { id } = created.json();
    const sku = product.variants[0]?.sku;
    await put(String(sku), { available: 7 }, headers);
    await here.app.inject({ method: 'POST', url: `/v1/products/${id}/archive`, headers });
    const records = await here.app.db.primary.query<{ action: string; subject: string; requestId: string; replica: string }>(
      'SELECT action, subject, request_id AS "requestId", replica FROM audit_records WHERE user_id = $1 ORDER BY id',
      [sub],
    );
    expect(records.map(({ action, subject, replica }) => [action, subject, replica])).toEqual([
      ['product.created', `product:${id}`, 'api-1'],
      ['variant.stock_set', `variant:${sku}`, 'api-1'],
      ['product.archived', `product:${id}`, 'api-1'],
    ]);
    expect(records[0]?.requestId).toBe(created.headers['x-request-id']);
    await expect(here.app.db.primary.query('DELETE FROM audit_records')).rejects.toThrow('permission denied');
  });
});
