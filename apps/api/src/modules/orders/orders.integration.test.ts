import { randomUUID } from 'node:crypto';
import { markPaid } from '@tenfold/orders';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Replica, until } from '../../testing/replica.ts';
import { openShop, type Shop } from '../../testing/shop.ts';
import { CustomerOrderList, Order, OrderList } from './schemas.ts';

let shop: Shop;
let user: string;

beforeAll(async () => {
  shop = await openShop(inject('stores'));
  user = await shop.account();
});
afterAll(() => shop?.close());

const ADDRESS = { name: 'Ada Lovelace', line1: 'Unter den Linden 1', city: 'Berlin', postalCode: '10117', country: 'DE' };
const pay = (orderId: string, paymentId: string) =>
  shop.primary.transaction((tx) => markPaid(tx, { userId: user, paymentId }, {}, { userId: null, requestId: orderId, replica: 'test' }));

describe('POST /v1/orders', () => {
  it('answers the order, where it is, and a token that reads it', async () => {
    const { sku } = await shop.product({ amount: 1250 });
    const made = await shop.order(user, {
      items: [{ sku, quantity: 2, expectedUnitPrice: 1250 }],
      paymentMethod: 'pm_ok',
      shippingAddress: ADDRESS,
    });
    expect(made.statusCode).toBe(201);
    const order = made.json();
    expect(Value.Errors(Order, order)).toEqual([]);
    expect(order).toMatchObject({
      state: 'pending',
      items: [
        {
          sku,
          name: `Test Lamp ${sku}`,
          variant: 'Small',
          quantity: 2,
          unitPrice: { amount: 1250 },
          total: { amount: 2500, currency: 'EUR' },
        },
      ],
      subtotal: { amount: 2500 },
      shipping: { amount: 490 },
      total: { amount: 2990, currency: 'EUR' },
      payment: { method: 'pm_ok', state: 'pending' },
      shippingAddress: ADDRESS,
    });
    expect(made.headers).toMatchObject({ location: `/v1/orders/${order.id}`, 'cache-control': 'no-store' });
    const token = { 'consistency-token': String(made.headers['consistency-token']) };
    expect((await shop.ask(user, 'GET', `/v1/orders/${order.id}`, undefined, token)).json()).toEqual(order);
    expect((await shop.ask(user, 'GET', `/v1/orders/${order.id}`)).json()).toEqual(order);
    expect(await shop.stock(sku)).toEqual({ count: 8, ledger: 8 });
  });

  it.each([
    [{ items: [], paymentMethod: 'pm_ok' }, 'items'],
    [{ items: [{ sku: 'MUG-00001-S', quantity: 0 }], paymentMethod: 'pm_ok' }, 'items.0.quantity'],
    [{ items: [{ sku: 'MUG-00001-S', quantity: -1 }], paymentMethod: 'pm_ok' }, 'items.0.quantity'],
    [{ items: [{ sku: 'MUG-00001-S', quantity: 1.5 }], paymentMethod: 'pm_ok' }, 'items.0.quantity'],
    [{ items: [{ sku: 'MUG-00001-S', quantity: 1e9 }], paymentMethod: 'pm_ok' }, 'items.0.quantity'],
    [{ items: [{ sku: 'MUG-00001-S', quantity: '1' }], paymentMethod: 'pm_ok' }, 'items.0.quantity'],
    [{ items: [{ sku: 'no sku', quantity: 1 }], paymentMethod: 'pm_ok' }, 'items.0.sku'],
    [
      {
        items: [
          { sku: 'A-1', quantity: 1 },
          { sku: 'A-1', quantity: 1 },
        ],
        paymentMethod: 'pm_ok',
      },
      'items.1.sku',
    ],
    [{ items: [{ sku: 'A-1', quantity: 1, expectedUnitPrice: -1 }], paymentMethod: 'pm_ok' }, 'items.0.expectedUnitPrice'],
    [{ items: [{ sku: 'A-1', quantity: 1, expectedUnitPrice: 99_999_999_999 }], paymentMethod: 'pm_ok' }, 'items.0.expectedUnitPrice'],
    [{ items: [{ sku: 'A-1', quantity: 1, price: 1 }], paymentMethod: 'pm_ok' }, 'items.0.price'],
    [{ items: [{ sku: 'A-1', quantity: 1 }] }, 'paymentMethod'],
    [{ paymentMethod: 'free' }, 'paymentMethod'],
    [{ paymentMethod: 'pm_ok', total: 1 }, 'total'],
    [{ paymentMethod: 'pm_ok', shippingAddress: { ...ADDRESS, country: 'Germany' } }, 'shippingAddress.country'],
    [{ paymentMethod: 'pm_ok', shippingAddress: { ...ADDRESS, city: 'Ber\u0000lin' } }, 'shippingAddress.city'],
    [{ paymentMethod: 'pm_ok', shippingAddress: { name: 'Ada' } }, 'shippingAddress.line1'],
  ])('refuses %j and names the field', async (payload, field) => {
    const answer = await shop.order(user, payload);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
  });

  it('says in words and by code what cannot be bought, and changes nothing', async () => {
    const { id, sku } = await shop.product({ available: 3, amount: 2_000_000_000 });
    const refused = async (item: object, rest: object = {}) => {
      const answer = await shop.order(user, { items: [{ sku, quantity: 1, ...item }], paymentMethod: 'pm_ok', ...rest });
      const { status, code, errors } = answer.json();
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      return [status, code, errors[0].field];
    };
    expect(await refused({ sku: 'NO-SUCH-SKU' })).toEqual([422, 'sku_not_found', 'items.0.sku']);
    expect(await refused({ quantity: 4 })).toEqual([409, 'out_of_stock', 'items.0.quantity']);
    expect(await refused({ quantity: 3 })).toEqual([422, 'amount_too_large', 'items']);
    expect(await refused({ expectedUnitPrice: { amount: 5, currency: 'EUR' } })).toEqual([
      409,
      'price_changed',
      'items.0.expectedUnitPrice',
    ]);
    expect(await refused({}, { shippingAddress: { ...ADDRESS, country: 'AQ' } })).toEqual([
      422,
      'shipping_unavailable',
      'shippingAddress.country',
    ]);
    await shop.staff('POST', `/v1/products/${id}/archive`);
    expect(await refused({})).toEqual([422, 'sku_archived', 'items.0.sku']);
    expect([await shop.stock(sku), await shop.ordersOf(sku)]).toEqual([{ count: 3, ledger: 3 }, 0]);
  });

  it('shows both prices when the price has changed', async () => {
    const { sku } = await shop.product({ amount: 1399 });
    const answer = await shop.order(user, { items: [{ sku, quantity: 1, expectedUnitPrice: 1299 }], paymentMethod: 'pm_ok' });
    expect(answer.json()).toMatchObject({
      status: 409,
      code: 'price_changed',
      detail: `${sku} costs 1399 EUR, not 1299 EUR`,
      errors: [{ field: 'items.0.expectedUnitPrice', message: 'is 1299 EUR, but the price is 1399 EUR' }],
    });
  });
});

describe('orders of a user', () => {
  it('are listed newest first, page by page, and nobody else sees or cancels them', async () => {
    const [owner, other] = [await shop.account(), await shop.account()];
    const { sku } = await shop.product({ available: 100 });
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.unshift((await shop.order(owner, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' })).json().id);
    }
    const first = (await shop.ask(owner, 'GET', '/v1/orders?limit=3')).json();
    const second = (await shop.ask(owner, 'GET', `/v1/orders?limit=3&cursor=${first.nextCursor}`)).json();
    expect(Value.Errors(OrderList, first)).toEqual([]);
    expect([...first.items, ...second.items].map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
    expect((await shop.ask(other, 'GET', '/v1/orders')).json()).toEqual({ items: [], nextCursor: null });
    expect((await shop.ask(other, 'GET', `/v1/orders?cursor=${first.nextCursor}`)).json()).toMatchObject({
      status: 400,
      code: 'invalid_cursor',
    });
    for (const [method, url] of [
      ['GET', `/v1/orders/${ids[0]}`],
      ['POST', `/v1/orders/${ids[0]}/cancel`],
    ] as const) {
      expect((await shop.ask(other, method, url)).json()).toMatchObject({ status: 404, code: 'order_not_found' });
    }
    expect((await shop.ask(owner, 'GET', '/v1/orders/not-an-id')).json()).toMatchObject({ status: 400, errors: [{ field: 'id' }] });
  });

  it('can be cancelled while they are pending, once, and their stock goes back', async () => {
    const { id, sku } = await shop.product({ available: 1 });
    const order = (await shop.order(user, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' })).json();
    const answers = await Promise.all(Array.from({ length: 10 }, () => shop.ask(user, 'POST', `/v1/orders/${order.id}/cancel`)));
    expect(new Set(answers.map((answer) => `${answer.statusCode} ${answer.json().state}`))).toEqual(new Set(['200 cancelled']));
    expect(await shop.stock(sku)).toEqual({ count: 1, ledger: 1 });
    await until('the product is shown as available again', async () => {
      const { variants } = (await shop.guest('GET', `/v1/products/${id}`)).json();
      return variants[0].available === 1;
    });
  });

  it('cannot be cancelled once they are paid; a key keeps the answer', async () => {
    const { sku } = await shop.product();
    const order = (await shop.order(user, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' })).json();
    await pay(order.id, order.payment.id);
    const headers = { 'idempotency-key': randomUUID() };
    const refused = await shop.ask(user, 'POST', `/v1/orders/${order.id}/cancel`, undefined, headers);
    expect(refused.json()).toMatchObject({
      status: 409,
      code: 'order_not_cancellable',
      detail: "An order that is paid can't be cancelled",
    });
    const again = await shop.ask(user, 'POST', `/v1/orders/${order.id}/cancel`, undefined, headers);
    expect([again.body, again.headers['idempotency-replayed']]).toEqual([refused.body, 'true']);
  });
});

describe('orders and the catalogue', () => {
  it('shows everywhere soon that something is sold out', async () => {
    const { id, sku } = await shop.product({ available: 1 });
    const shown = async (replica: Replica) => (await replica.get(`/v1/products/${id}`)).json().variants[0].available;
    expect(await Promise.all(shop.replicas.map(shown))).toEqual([1, 1, 1]);
    await shop.order(user, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' });
    await expect.poll(() => Promise.all(shop.replicas.map(shown)), { timeout: 2000 }).toEqual([0, 0, 0]);
  });
});

describe('staff', () => {
  it('spread the stock of a SKU over more rows, which changes no count', async () => {
    const { sku } = await shop.product({ available: 10 });
    const spread = async (buckets: unknown) => shop.staff('PUT', `/v1/variants/${sku}/buckets`, { buckets });
    expect((await spread(4)).json()).toEqual({ sku, available: 10 });
    const rows = await shop.primary.query<{ available: number }>('SELECT available FROM stock WHERE sku = $1 ORDER BY bucket', [sku]);
    expect([rows.map(({ available }) => available), await shop.stock(sku)]).toEqual([[3, 3, 2, 2], { count: 10, ledger: 10 }]);
    expect((await shop.order(user, { items: [{ sku, quantity: 9 }], paymentMethod: 'pm_ok' })).statusCode).toBe(201);
    for (const wrong of [0, 65, 1.5, '2', null]) {
      expect((await spread(wrong)).json()).toMatchObject({ status: 400, errors: [{ field: 'buckets' }] });
    }
    expect((await shop.staff('PUT', '/v1/variants/NO-SUCH-SKU/buckets', { buckets: 2 })).json()).toMatchObject({ status: 404 });
  });

  it('list orders by state, oldest first, fulfil and refund them, and every step is recorded', async () => {
    const { sku } = await shop.product();
    const order = (await shop.order(user, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' })).json();
    const act = async (what: string) => {
      const answer = await shop.staff('POST', `/v1/admin/orders/${order.id}/${what}`);
      return [answer.statusCode, answer.json().code ?? answer.json().state];
    };
    expect(await act('fulfil')).toEqual([409, 'order_not_fulfillable']);
    expect(await act('refund')).toEqual([409, 'order_not_refundable']);
    await pay(order.id, order.payment.id);
    const listed = (await shop.staff('GET', '/v1/admin/orders?state=paid&limit=100')).json();
    expect(Value.Errors(CustomerOrderList, listed)).toEqual([]);
    expect(listed.items.filter(({ id }: { id: string }) => id === order.id)).toMatchObject([{ userId: user, state: 'paid' }]);
    expect(await act('fulfil')).toEqual([200, 'fulfilled']);
    expect(await act('fulfil')).toEqual([200, 'fulfilled']);
    expect(await act('refund')).toEqual([202, 'fulfilled']);
    const records = await shop.primary.query<{ action: string; replica: string }>(
      'SELECT action, replica FROM audit_records WHERE subject = $1 ORDER BY at',
      [`order:${order.id}`],
    );
    expect(records.map(({ action }) => action)).toEqual(['order.placed', 'order.paid', 'order.fulfilled', 'order.refund_started']);
    expect(records[0]?.replica).toMatch(/^api-[123]$/);
  });

  it('know when there is no such order, or no such state', async () => {
    expect((await shop.staff('POST', `/v1/admin/orders/${randomUUID()}/fulfil`)).json()).toMatchObject({
      status: 404,
      code: 'order_not_found',
    });
    expect((await shop.staff('GET', '/v1/admin/orders?state=eaten')).json()).toMatchObject({ status: 400, errors: [{ field: 'state' }] });
    expect((await shop.staff('GET', '/v1/admin/orders')).json()).toMatchObject({ status: 400, errors: [{ field: 'state' }] });
  });
});
