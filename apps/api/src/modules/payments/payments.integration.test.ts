import { randomUUID } from 'node:crypto';
import { SANDBOX_SIGNATURE, signWebhook } from '@tenfold/payments';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openShop, type Shop } from '../../testing/shop.ts';

const SECRET = 'the webhook secret of this test';
let shop: Shop;
let user: string;

beforeAll(async () => {
  shop = await openShop(inject('stores'), { env: { PAYMENT_WEBHOOK_SECRET: SECRET } });
  user = await shop.account();
});
afterAll(() => shop?.close());

async function placeOrder() {
  const { sku } = await shop.product({ available: 5 });
  const placed = await shop.order(user, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' });
  const { id } = placed.json();
  const [payment] = await shop.primary.query<{ id: string }>('SELECT id FROM payments WHERE order_id = $1', [id]);
  // As when a worker has asked the provider.
  await shop.primary.query(`UPDATE payments SET state = 'authorising', attempts = 1 WHERE order_id = $1`, [id]);
  return { id, sku, key: `${user}.${payment?.id}` };
}

function eventOf(key: string, state: string, id = `evt_${randomUUID()}`) {
  const data = { id: 'ch_1', key, state, amount: 1490, currency: 'EUR', method: 'pm_ok', reference: 'o', captures: 1, refunds: 0 };
  return JSON.stringify({ id, type: `payment.${state}`, created: Date.now(), data });
}
const send = (body: string, header = signWebhook(body, SECRET), provider = 'sandbox') => {
  const [replica] = shop.replicas.toSorted(() => Math.random() - 0.5);
  if (!replica) throw new Error('a shop has replicas');
  const headers = { 'content-type': 'application/json', [SANDBOX_SIGNATURE]: header };
  return replica.app.inject({ method: 'POST', url: `/v1/payments/webhooks/${provider}`, headers, payload: body });
};
const tell = (key: string, state: string) => send(eventOf(key, state));
const stateOf = async (id: string) => (await shop.ask(user, 'GET', `/v1/orders/${id}`)).json().state;
const eventsOf = async (id: string, topic: string) =>
  (await shop.primary.query(`SELECT 1 FROM outbox WHERE topic = $2 AND payload ->> 'orderId' = $1`, [id, topic])).length;

describe('a webhook', () => {
  it('settles a payment, however often and in whatever order it comes, over all replicas', async () => {
    const { id, sku, key } = await placeOrder();
    const states = ['captured', 'processing', 'captured', 'processing', 'captured', 'captured'];
    const answers = await Promise.all(states.map((state) => tell(key, state)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(states.map(() => 204));
    expect(await stateOf(id)).toBe('paid');
    expect(await eventsOf(id, 'order.paid')).toBe(1);
    expect(await shop.stock(sku)).toEqual({ count: 4, ledger: 4 });
  });

  it('of a declined payment gives the stock back, once', async () => {
    const { id, sku, key } = await placeOrder();
    await Promise.all([tell(key, 'declined'), tell(key, 'declined'), tell(key, 'declined')]);
    expect(await stateOf(id)).toBe('payment_failed');
    expect(await shop.stock(sku)).toEqual({ count: 5, ledger: 5 });
  });

  it('of money for an order that was called off starts its refund, once', async () => {
    const { id, sku, key } = await placeOrder();
    await shop.ask(user, 'POST', `/v1/orders/${id}/cancel`);
    await Promise.all([tell(key, 'captured'), tell(key, 'captured')]);
    expect(await stateOf(id)).toBe('cancelled');
    expect(await eventsOf(id, 'payment.refund')).toBe(1);
    expect(await shop.stock(sku)).toEqual({ count: 5, ledger: 5 });
  });
});

describe('a webhook that is not to be believed', () => {
  const old = () => Date.now() - 301_000;
  const other = `${randomUUID()}.${randomUUID()}`;

  it.each([
    [
      'a wrong signature',
      (body: string) => send(body, signWebhook(body, 'another secret of some length')),
      400,
      'webhook_signature_invalid',
    ],
    ['no signature', (body: string) => send(body, ''), 400, 'webhook_signature_invalid'],
    ['a signature of another body', (body: string) => send(body, signWebhook(`${body} `, SECRET)), 400, 'webhook_signature_invalid'],
    ['an old timestamp', (body: string) => send(body, signWebhook(body, SECRET, old())), 400, 'webhook_outside_window'],
    ['another provider', (body: string) => send(body, signWebhook(body, SECRET), 'stripe'), 404, 'provider_unknown'],
    ['no known provider', (body: string) => send(body, signWebhook(body, SECRET), 'bank'), 404, 'provider_unknown'],
    ['an unknown payment', () => tell(other, 'captured'), 404, 'payment_unknown'],
    ['a key that is none of ours', () => tell("'; DROP TABLE payments", 'captured'), 404, 'payment_unknown'],
    ['an unknown state', () => tell(other, 'eaten'), 400, 'webhook_unreadable'],
    ['something that is no event', () => send('{"a":1}'), 400, 'webhook_unreadable'],
    ['something that is no JSON', () => send('{'), 400, 'webhook_unreadable'],
    ['nothing', () => send('', ''), 400, undefined],
    ['too much', () => send(`"${'x'.repeat(70_000)}"`), 413, 'body_too_large'],
  ])('has %s: it is told so, and nothing changes', async (_what, act, status, code) => {
    const { id, key } = await placeOrder();
    const answer = await act(eventOf(key, 'captured'));
    expect(answer.json()).toMatchObject({ status, ...(code && { code }) });
    expect(await stateOf(id)).toBe('pending');
  });
});

it('takes no webhook where there is no secret', async () => {
  const bare = await openShop(inject('stores'), { replicas: 1 });
  try {
    const body = eventOf(`${randomUUID()}.${randomUUID()}`, 'captured');
    const headers = { 'content-type': 'application/json', [SANDBOX_SIGNATURE]: signWebhook(body, SECRET) };
    const answer = await bare.replicas[0]?.app.inject({ method: 'POST', url: '/v1/payments/webhooks/sandbox', headers, payload: body });
    expect(answer?.json()).toMatchObject({ status: 404, code: 'provider_unknown' });
  } finally {
    await bare.close();
  }
});
