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

const list = async (query: string) => (await here.get(`/v1/products?${query}`)).json();

const put = (sku: string, payload: unknown, headers: Record<string, string> = here.as('staff')) =>
  here.app.inject({
    method: 'PUT',
    url: `/v1/variants/${sku}/stock`,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
const availableAt = async (replica: Replica, slug: string, sku: string, headers: Record<string, string> = {}) => {
  const { variants } = (await replica.get(`/v1/products/${slug}`, headers)).json();
  return variants.find((variant: { sku: string }) => variant.sku === sku).available;
};

describe('PUT /v1/variants/{sku}/stock', () => {
  it('is seen on another replica at once with its token, and soon without', async () => {
    const [{ slug, variants }] = (await list('q=copper+kettle&limit=1')).items;
    const { sku } = variants[0];
    await Promise.all([availableAt(here, slug, sku), availableAt(there, slug, sku)]);
    for (const available of [1001, 1002, 1003]) {
      const written = await put(sku, { available });
      expect([written.statusCode, written.json()]).toEqual([200, { sku, available }]);
      const token = String(written.headers['consistency-token']);
      expect(await availableAt(there, slug, sku, { 'consistency-token': token })).toBe(available);
      await until('it is seen without the token', async () => (await availableAt(there, slug, sku)) === available, 1000);
      const page = (await there.get('/v1/products?q=copper+kettle&limit=1')).json();
      expect(page.items[0].variants[0].available).toBe(available);
    }
  });

  it('moves a product out of the lists of what is in stock when the last one goes', async () => {
    const query = '/v1/products?q=enamel+flute&inStock=true&limit=100';
    const { items } = (await there.get(query)).json();
    const { id, variants } = items[0];
    for (const { sku } of variants) await put(sku, { available: 0 });
    const listed = async () => (await there.get(query)).json().items.map((item: { id: string }) => item.id);
    await expect.poll(listed, { timeout: 20_000 }).not.toContain(id);
    for (const { sku } of variants) await put(sku, { available: 5 });
    await expect.poll(listed, { timeout: 20_000 }).toContain(id);
  });

  it.each([
    [{ available: -1 }, 'available'],
    [{ available: 1.5 }, 'available'],
    [{ available: '5' }, 'available'],
    [{ available: 1e10 }, 'available'],
    [{ available: null }, 'available'],
    [{}, 'available'],
    [{ available: 1, extra: true }, 'extra'],
    ['[]', 'body'],
    ['null', 'body'],
  ])('refuses %j and names the field', async (payload, field) => {
    const answer = await put('MUG-00001-S', payload);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
  });

  it.each(['', '{', '{"available":1', '{"__proto__":{}}', '{"constructor":{"prototype":{}}}', '\u0000'])(
    'refuses the body %j',
    async (payload) => {
      expect((await put('MUG-00001-S', payload)).statusCode).toBe(400);
    },
  );

  it('says 404 for an unknown SKU, 400 for what cannot be one', async () => {
    expect((await put('NO-SUCH-SKU', { available: 1 })).json()).toMatchObject({ status: 404, code: 'sku_not_found' });
    expect((await put('lower', { available: 1 })).json()).toMatchObject({ status: 400, errors: [{ field: 'sku' }] });
  });

  it.each([
    ['text', { 'content-type': 'text/plain' }],
    ['UTF-16', { 'content-type': 'application/json; charset=utf-16' }],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ])('says 415 for %s', async (_what, headers) => {
    const answer = await put('MUG-00001-S', '{"available":1}', { ...here.as('staff'), ...headers });
    expect([answer.statusCode, answer.json().code]).toEqual([415, 'unsupported_media_type']);
  });

  it('takes UTF-8 under any of its names', async () => {
    for (const type of ['application/json;charset=UTF-8', 'application/json; charset="utf-8"']) {
      expect((await put('NO-SUCH-SKU', '{"available":1}', { ...here.as('staff'), 'content-type': type })).statusCode).toBe(404);
    }
  });
});
