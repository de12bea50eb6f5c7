import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PaymentRequest, ProviderRefusal, ProviderUnavailable } from './provider.ts';
import { createStripeProvider } from './stripe.ts';

const payment: PaymentRequest = {
  key: '01900000-0000-7000-8000-000000000001.01900000-0000-7000-8000-000000000002',
  amount: 1999,
  currency: 'EUR',
  method: 'pm_card_visa',
  reference: 'order-1',
};

/** Stripe's own mock: it checks requests against Stripe's OpenAPI description, and answers from its fixtures. */
const program = await findStripeMock();

describe.skipIf(!program)('Stripe, by its own mock (needs Go: go install github.com/stripe/stripe-mock@latest)', () => {
  let mock: ChildProcess;
  let proxy: Server;
  let base: string;
  /** What went over the wire. */
  const seen: { method: string | undefined; url: string | undefined; key: IncomingMessage['headers'][string]; body: string }[] = [];

  beforeAll(async () => {
    const port = await freePort();
    mock = spawn(program ?? '', ['-http-port', String(port)], { stdio: 'ignore' });
    await until(() => listens(port));
    proxy = createServer((incoming, outgoing) => {
      void text(incoming).then(async (body) => {
        const { method, url, headers } = incoming;
        seen.push({ method, url, key: headers['idempotency-key'], body });
        const onward = httpRequest({ port, method, path: url, headers });
        onward.end(body);
        const answer = await new Promise<IncomingMessage>((resolve) => void onward.on('response', resolve));
        // The one thing changed on the wire: the mock's only intent is one that has failed, and Stripe's new ones have not.
        const changed = (await text(answer)).replace(/"last_payment_error":\s*\{[^{}]*\}/, '"last_payment_error": null');
        outgoing.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' }).end(changed);
      });
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    base = `http://127.0.0.1:${portOf(proxy)}`;
  });
  afterAll(() => {
    proxy?.close();
    mock?.kill();
  });

  const provider = () => createStripeProvider({ secretKey: 'sk_test_123', timeout: 5000, apiBase: base });
  const wire = async (act: () => Promise<unknown>) => {
    seen.length = 0;
    await act();
    return seen.map(
      ({ method, url, key }) =>
        `${method} ${url?.replace(/pi_\w+/, 'PI').replace(/re_\w+/, 'RE')}${key ? ` [${String(key).replace(payment.key, 'KEY')}]` : ''}`,
    );
  };

  it('makes and confirms a PaymentIntent, each under a key of its own', async () => {
    expect(await wire(() => provider().charge(payment))).toEqual([
      'POST /v1/payment_intents [KEY.create]',
      'GET /v1/payment_intents/PI',
      'POST /v1/payment_intents/PI/confirm [KEY.confirm]',
    ]);
    const made = new URLSearchParams(seen[0]?.body);
    expect(Object.fromEntries(made)).toMatchObject({ amount: '1999', currency: 'eur', 'metadata[payment_key]': payment.key });
  });

  it('finds a payment by its key, and by the id of Stripe where that is known', async () => {
    expect(await wire(() => provider().find(payment))).toEqual(['POST /v1/payment_intents [KEY.create]', 'GET /v1/payment_intents/PI']);
    expect(await wire(() => provider().find({ ...payment, ref: 'pi_123' }))).toEqual(['GET /v1/payment_intents/PI']);
  });

  it('calls off and gives back', async () => {
    const cancelled = await wire(() => provider().cancel(payment));
    expect(cancelled.at(-1)).toMatch(/^POST \/v1\/payment_intents\/PI\/cancel\b/);
    expect(cancelled.at(-1)).not.toContain('KEY'); // a refusal would be repeated under it
    const refund = await wire(async () =>
      expect(await provider().refund({ ...payment, ref: 'pi_123' })).toMatchObject({ state: 'refunded' }),
    );
    expect(refund.slice(-2)).toEqual(['POST /v1/refunds [KEY.refund]', 'GET /v1/refunds/RE']);
  });

  it('tells a wrong request from a provider that is away', async () => {
    const stranger = createStripeProvider({ secretKey: 'no key of Stripe', timeout: 5000, apiBase: base });
    await expect(stranger.charge(payment)).rejects.toThrow(ProviderRefusal);
    const nobody = createStripeProvider({ secretKey: 'sk_test', timeout: 500, apiBase: 'http://127.0.0.1:1' });
    await expect(nobody.charge(payment)).rejects.toThrow(ProviderUnavailable);
  });
});

describe('a payment method that Stripe does not know', () => {
  const intent = { id: 'pi_1', object: 'payment_intent', status: 'requires_payment_method', last_payment_error: null };
  const refusing = (param: string) => ({ error: { type: 'invalid_request_error', param, message: `No such ${param}` } });
  let server: Server;
  let refused: string;
  beforeAll(async () => {
    server = createServer(({ url }, response) => {
      const confirming = url?.endsWith('/confirm');
      response.writeHead(confirming ? 400 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(confirming ? refusing(refused) : intent));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server?.close());
  const charge = () =>
    createStripeProvider({ secretKey: 'sk_test', timeout: 5000, apiBase: `http://127.0.0.1:${portOf(server)}` }).charge(payment);

  it('is declined, and another wrong request is refused', async () => {
    refused = 'payment_method';
    expect(await charge()).toMatchObject({ key: payment.key, ref: 'pi_1', state: 'declined' });
    refused = 'return_url';
    await expect(charge()).rejects.toThrow(ProviderRefusal);
  });
});

describe('Stripe, as it may answer', () => {
  type Answer = readonly [status: number, body: object];
  const refusal = (error: object, status = 400): Answer => [status, { error: { type: 'invalid_request_error', message: 'no', ...error } }];
  const intent = (status: string): Answer => [200, { id: 'pi_1', object: 'payment_intent', status, last_payment_error: null }];
  const refund = (status: string): Answer => [200, { id: 're_1', object: 'refund', status }];
  const [CREATE, RETRIEVE, CANCEL] = ['POST /v1/payment_intents', 'GET /v1/payment_intents/pi_1', 'POST /v1/payment_intents/pi_1/cancel'];
  const [REFUND, LOOK] = ['POST /v1/refunds', 'GET /v1/refunds/re_1'];
  const LIST = 'GET /v1/refunds?payment_intent=pi_1&limit=100';
  const refunds = (...states: string[]): Answer => [
    200,
    { object: 'list', data: states.map((state) => refund(state)[1]), has_more: false },
  ];
  const made = { ...payment, ref: 'pi_1' };

  let server: Server;
  /** What it answers to each request: its answers in turn, and the last one from then on. */
  let answers: Record<string, Answer[]>;
  beforeAll(async () => {
    server = createServer(({ method, url }, response) => {
      const left = answers[`${method} ${url}`] ?? [];
      const [status, body] = (left.length > 1 ? left.shift() : left[0]) ?? refusal({ message: `not ${method} ${url}` }, 404);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server?.close());
  const provider = () => createStripeProvider({ secretKey: 'sk_test', timeout: 5000, apiBase: `http://127.0.0.1:${portOf(server)}` });

  it('takes no such amount: the payment is declined, was never begun, and is called off', async () => {
    answers = { [CREATE]: [refusal({ code: 'amount_too_small', message: 'Amount must be at least 50 cents' })] };
    const { key } = payment;
    expect(await provider().charge(payment)).toEqual({ key, state: 'declined', reason: 'Amount must be at least 50 cents' });
    expect(await provider().find(payment)).toBeUndefined();
    expect(await provider().cancel(payment)).toEqual({ key, state: 'cancelled' });
    await expect(provider().refund(payment)).rejects.toThrow(ProviderRefusal);
  });

  it.each([
    ['a key of ours that was used otherwise', { [CREATE]: [refusal({ type: 'idempotency_error' })] }, payment],
    ['another secret', { [CREATE]: [refusal({}, 401)] }, payment],
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
    expect(await provider().cancel(made)).toEqual({ key: payment.key, ref: 'pi_1', state });
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
    expect(await provider().refund(made)).toEqual({ key: payment.key, ref: 'pi_1', state });
  });

  it('says nothing about a refund whose list it does not give', async () => {
    answers = { [RETRIEVE]: [intent('succeeded')], [REFUND]: [refusal({ code: 'charge_already_refunded' })], [LIST]: [refusal({}, 500)] };
    await expect(provider().refund(made)).rejects.toThrow(ProviderUnavailable);
  });
});

/** @returns undefined where it is not installed and can't be built. */
async function findStripeMock(): Promise<string | undefined> {
  const run = promisify(execFile);
  const folder = await run('go', ['env', 'GOPATH']).then(
    ({ stdout }) => join(stdout.trim(), 'bin'),
    () => join(homedir(), 'go', 'bin'),
  );
  const path = join(folder, 'stripe-mock');
  if (!existsSync(path)) await run('go', ['install', 'github.com/stripe/stripe-mock@latest'], { timeout: 120_000 }).catch(() => undefined);
  return existsSync(path) ? path : undefined;
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('listening on no port');
  return address.port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });
}

async function until(condition: () => Promise<boolean>) {
  for (const deadline = performance.now() + 60_000; !(await condition());) {
    if (performance.now() > deadline) throw new Error('stripe-mock did not start');
    await wait(20);
  }
}
