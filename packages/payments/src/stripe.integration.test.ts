import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderRefusal, ProviderUnavailable } from './provider.ts';
import { createStripeProvider } from './stripe.ts';
import { PAYMENT, portOf } from './testing/stripe.ts';

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
        `${method} ${url?.replace(/pi_\w+/, 'PI').replace(/re_\w+/, 'RE')}${key ? ` [${String(key).replace(PAYMENT.key, 'KEY')}]` : ''}`,
    );
  };

  it('makes and confirms a PaymentIntent, each under a key of its own', async () => {
    expect(await wire(() => provider().charge(PAYMENT))).toEqual([
      'POST /v1/payment_intents [KEY.create]',
      'GET /v1/payment_intents/PI',
      'POST /v1/payment_intents/PI/confirm [KEY.confirm]',
    ]);
    const made = new URLSearchParams(seen[0]?.body);
    expect(Object.fromEntries(made)).toMatchObject({ amount: '1999', currency: 'eur', 'metadata[payment_key]': PAYMENT.key });
  });

  it('finds a payment by its key, and by the id of Stripe where that is known', async () => {
    expect(await wire(() => provider().find(PAYMENT))).toEqual(['POST /v1/payment_intents [KEY.create]', 'GET /v1/payment_intents/PI']);
    expect(await wire(() => provider().find({ ...PAYMENT, ref: 'pi_123' }))).toEqual(['GET /v1/payment_intents/PI']);
  });

  it('calls off and gives back', async () => {
    const cancelled = await wire(() => provider().cancel(PAYMENT));
    expect(cancelled.at(-1)).toMatch(/^POST \/v1\/payment_intents\/PI\/cancel\b/);
    expect(cancelled.at(-1)).not.toContain('KEY'); // a refusal would be repeated under it
    const refund = await wire(async () =>
      expect(await provider().refund({ ...PAYMENT, ref: 'pi_123' })).toMatchObject({ state: 'refunded' }),
    );
    expect(refund.slice(-2)).toEqual(['POST /v1/refunds [KEY.refund]', 'GET /v1/refunds/RE']);
  });

  it('tells a wrong request from a provider that is away', async () => {
    const stranger = createStripeProvider({ secretKey: 'no key of Stripe', timeout: 5000, apiBase: base });
    await expect(stranger.charge(PAYMENT)).rejects.toThrow(ProviderRefusal);
    const nobody = createStripeProvider({ secretKey: 'sk_test', timeout: 500, apiBase: 'http://127.0.0.1:1' });
    await expect(nobody.charge(PAYMENT)).rejects.toThrow(ProviderUnavailable);
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
