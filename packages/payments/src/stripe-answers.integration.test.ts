import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderRefusal, ProviderUnavailable } from './provider.ts';
import { createStripeProvider } from './stripe.ts';
import { PAYMENT, portOf } from './testing/stripe.ts';

describe('Stripe, as it may answer', () => {
  type Answer = readonly [status: number, body: object];
  const refusal = (error: object, status = 400): Answer => [status, { error: { type: 'invalid_request_error', message: 'no', ...error } }];
  const intent = (status: string): Answer => [200, { id: 'pi_1', object: 'payment_intent', status, last_payment_error: null }];
  const refund = (status: string): Answer => [200, { id: 're_1', object: 'refund', status }];
  const [CREATE, RETRIEVE] = ['POST /v1/payment_intents', 'GET /v1/payment_intents/pi_1'];
  const [CONFIRM, CANCEL] = ['POST /v1/payment_intents/pi_1/confirm', 'POST /v1/payment_intents/pi_1/cancel'];
  const [REFUND, LOOK] = ['POST /v1/refunds', 'GET /v1/refunds/re_1'];
  const LIST = 'GET /v1/refunds?payment_intent=pi_1&limit=100';
  const refunds = (...states: string[]): Answer => [
    200,
    { object: 'list', data: states.map((state) => refund(state)[1]), has_more: false },
  ];
  const made = { ...PAYMENT, ref: 'pi_1' };

  let server: Server;
  let base: string;
  /** What it answers to each request: its answers in turn, and the last one from then on. */
  let answers: Record<string, Answer[]>;
  beforeAll(async () => {
    server = createServer(({ method, url }, response) => {
      const left = answers[`${method} ${url}`] ?? [];
      const [status, body] = (left.length > 1 ? left.shift() : left[0]) ?? refusal({ message: `not ${method} ${url}` }, 404);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${portOf(server)}`;
  });
  afterAll(() => void server?.close());
  const provider = () => createStripeProvider({ secretKey: 'sk_test', timeout: 5000, apiBase: base });

  it('knows no such payment method: the payment is declined; another wrong request is refused', async () => {
    const confirming = (param: string) => ({
      [CREATE]: [intent('requires_payment_method')],
      [RETRIEVE]: [intent('requires_payment_method')],
      [CONFIRM]: [refusal({ param, message: `No such ${param}` })],
    });
    answers = confirming('payment_method');
    expect(await provider().charge(PAYMENT)).toMatchObject({ key: PAYMENT.key, ref: 'pi_1', state: 'declined' });
    answers = confirming('return_url');
    await expect(provider().charge(PAYMENT)).rejects.toThrow(ProviderRefusal);
  });

  it('takes no such amount: the payment is declined, was never begun, and is called off', async () => {
    answers = { [CREATE]: [refusal({ code: 'amount_too_small', message: 'Amount must be at least 50 cents' })] };
    const { key } = PAYMENT;
    expect(await provider().charge(PAYMENT)).toEqual({ key, state: 'declined', reason: 'Amount must be at least 50 cents' });
    expect(await provider().find(PAYMENT)).toBeUndefined();
    expect(await provider().cancel(PAYMENT)).toEqual({ key, state: 'cancelled' });
    await expect(provider().refund(PAYMENT)).rejects.toThrow(ProviderRefusal);
  });

  it.each([
    ['a key of ours that was used otherwise', { [CREATE]: [refusal({ type: 'idempotency_error' })] }, PAYMENT],
    ['another secret', { [CREATE]: [refusal({}, 401)] }, PAYMENT],
    ['an intent that is not there', { [RETRIEVE]: [refusal({ code: 'resource_missing' }, 404)] }, made],
  ])('says nothing about a payment when it refuses %s', async (_what, given, request) => {
    answers = given;
    await expect(provider().cancel(request)).rejects.toThrow(ProviderRefusal);
    await expect(provider().charge(request)).rejects.toThrow(ProviderRefusal);
  });

  it.each([
    ['is on its way', [intent('processing')], 'processing'],
    ['was taken in that moment', [intent('requires_action'), intent('succeeded')], 'captured'],
    ['was called off in that moment', [intent('requires_action'), intent('canceled')], 'cancelled'],
  ])('calls no money off that %s', async (_what, states, state) => {
    answers = { [RETRIEVE]: [...states], [CANCEL]: [refusal({ code: 'payment_intent_unexpected_state' })] };
    expect(await provider().cancel(made)).toEqual({ key: PAYMENT.key, ref: 'pi_1', state });
  });

  it('may refuse to call off for another reason', async () => {
    answers = { [RETRIEVE]: [intent('requires_action')], [CANCEL]: [refusal({})] };
    await expect(provider().cancel(made)).rejects.toThrow(ProviderRefusal);
  });

  it('ends a refund later than it answers', async () => {
    answers = {
      [RETRIEVE]: [intent('succeeded')],
      [REFUND]: [refund('pending')],
      [LOOK]: [refund('pending'), refund('succeeded'), refund('failed')],
    };
    expect(await provider().refund(made)).toMatchObject({ ref: 'pi_1', state: 'processing' });
    expect(await provider().refund(made)).toMatchObject({ ref: 'pi_1', state: 'refunded' });
    await expect(provider().refund(made)).rejects.toThrow('the refund is failed');
  });

  it.each([
    ['has given the money back', refunds('succeeded'), 'refunded'],
    ['has given it back at the second try', refunds('succeeded', 'failed', 'canceled'), 'refunded'],
    ['is about to give it back', refunds('pending'), 'processing'],
    ['is about to give the rest of it back', refunds('succeeded', 'pending'), 'processing'],
    ['needs somebody to give it back', refunds('requires_action'), 'processing'],
  ])('%s under a key that it has forgotten', async (_what, list, state) => {
    answers = { [RETRIEVE]: [intent('succeeded')], [REFUND]: [refusal({ code: 'charge_already_refunded' })], [LIST]: [list] };
    expect(await provider().refund(made)).toEqual({ key: PAYMENT.key, ref: 'pi_1', state });
  });

  it('says nothing about a refund whose list it does not give', async () => {
    answers = { [RETRIEVE]: [intent('succeeded')], [REFUND]: [refusal({ code: 'charge_already_refunded' })], [LIST]: [refusal({}, 500)] };
    await expect(provider().refund(made)).rejects.toThrow(ProviderUnavailable);
  });
});
