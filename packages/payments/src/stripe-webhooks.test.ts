import { Stripe } from 'stripe';
import { describe, expect, it } from 'vitest';
import { InvalidWebhook } from './provider.ts';
import { createStripeWebhooks } from './stripe.ts';

const WEBHOOK_SECRET = 'whsec_test_secret';
const KEY = '01900000-0000-7000-8000-000000000001.01900000-0000-7000-8000-000000000002';

describe('a webhook of Stripe', () => {
  const webhooks = createStripeWebhooks(WEBHOOK_SECRET);
  const intent = { object: 'payment_intent', id: 'pi_1', status: 'succeeded', metadata: { payment_key: KEY } };
  const event = (type: string, object: object = intent) => JSON.stringify({ id: 'evt_1', object: 'event', type, data: { object } });
  const sign = (payload: string, secret = WEBHOOK_SECRET, timestamp = Math.floor(Date.now() / 1000)) => ({
    'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }),
  });

  it.each([
    ['payment_intent.succeeded', intent, 'captured'],
    ['payment_intent.canceled', { ...intent, status: 'canceled' }, 'cancelled'],
    ['payment_intent.processing', { ...intent, status: 'processing' }, 'processing'],
    [
      'payment_intent.payment_failed',
      { ...intent, status: 'requires_payment_method', last_payment_error: { message: 'no funds' } },
      'declined',
    ],
  ])('%s is understood', (type, object, state) => {
    const body = event(type, object);
    expect(webhooks.parse(Buffer.from(body), sign(body))).toMatchObject({
      id: 'evt_1',
      payment: { key: KEY, ref: 'pi_1', state },
    });
  });

  it('of another kind is no concern of ours', () => {
    const body = event('customer.created');
    expect(webhooks.parse(Buffer.from(body), sign(body)).payment).toBeUndefined();
  });

  it.each([
    ['a signature by another secret', sign(event('payment_intent.succeeded'), 'whsec_other'), 'signature'],
    ['no signature', {}, 'signature'],
    ['a recording', sign(event('payment_intent.succeeded'), WEBHOOK_SECRET, Math.floor(Date.now() / 1000) - 301), 'timestamp'],
  ])('is refused with %s', (_what, headers, problem) => {
    const parse = () => webhooks.parse(Buffer.from(event('payment_intent.succeeded')), headers);
    expect(parse).toThrow(InvalidWebhook);
    expect(parse).toThrow(expect.objectContaining({ problem }));
  });
});
