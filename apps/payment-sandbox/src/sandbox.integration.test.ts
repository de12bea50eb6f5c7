import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { createSandboxProvider, createSandboxWebhooks, type PaymentRequest, ProviderRefusal, ProviderUnavailable } from '@tenfold/payments';
import { createLogger } from '@tenfold/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from './app.ts';
import { createCharges } from './charges.ts';
import { openLedger } from './ledger.ts';
import { createWebhooks } from './webhooks.ts';

const SECRET = 'the webhook secret of a test';
const logger = createLogger({ name: 'test', level: 'silent' });
let folder: string;
let stop: () => Promise<void> = async () => undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenfold-sandbox-'));
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

/** The sandbox, or the same one again after a stop. @returns its client. */
async function start({
  webhookUrl,
  slowDelay = 300,
  timeout = 10_000,
}: { webhookUrl?: string; slowDelay?: number; timeout?: number } = {}) {
  const ledger = openLedger(folder);
  const webhooks = createWebhooks({ url: webhookUrl, secret: SECRET, delay: 20, ledger, logger });
  const app = buildApp(ledger, createCharges({ ledger, webhooks, answerDelay: 0, slowDelay }), logger);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  stop = async () => {
    webhooks.close();
    await app.close();
  };
  return { ledger, provider: createSandboxProvider({ url, timeout }) };
}

const payment = (method: string): PaymentRequest => ({ key: randomUUID(), amount: 1999, currency: 'EUR', method, reference: 'order' });

async function until(what: string, condition: () => unknown) {
  for (const deadline = performance.now() + 60_000; !(await condition());) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await wait(10);
  }
}

describe('a payment method', () => {
  it('pm_ok is captured, once however often it is asked for', async () => {
    const { provider, ledger } = await start();
    const request = payment('pm_ok');
    const answers = await Promise.all([1, 2, 3].map(() => provider.charge(request)));
    expect(new Set(answers.map(({ ref }) => ref)).size).toBe(1);
    expect(ledger.get(request.key)).toMatchObject({ state: 'captured', captures: 1 });
  });

  it('pm_decline is declined, with a reason', async () => {
    const { provider } = await start();
    expect(await provider.charge(payment('pm_decline'))).toMatchObject({ state: 'declined', reason: 'card declined' });
  });

  it('pm_slow is answered too late, is under way meanwhile, and captured in the end', async () => {
    const { provider } = await start({ slowDelay: 3000, timeout: 1000 });
    const request = payment('pm_slow');
    await expect(provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    expect(await provider.find(request)).toMatchObject({ state: 'processing' });
    await until('it is captured', async () => (await provider.find(request))?.state === 'captured');
  });

  it('pm_lost takes the money and says nothing', async () => {
    const { provider } = await start();
    const request = payment('pm_lost');
    await expect(provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    expect(await provider.find(request)).toMatchObject({ state: 'captured' });
    expect(await provider.charge(request)).toMatchObject({ state: 'captured' });
  });

  it('pm_fail works at the third time, and has done nothing before', async () => {
    const { provider, ledger } = await start();
    const request = payment('pm_fail');
    for (let failure = 0; failure < 2; failure += 1) await expect(provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    expect(await provider.find(request)).toBeUndefined();
    expect(await provider.charge(request)).toMatchObject({ state: 'captured' });
    expect(ledger.get(request.key)?.captures).toBe(1);
  });

  it('that is none is declined, with a reason', async () => {
    const { provider } = await start();
    expect(await provider.charge(payment('pm_gold'))).toMatchObject({ state: 'declined', reason: 'no such payment method' });
  });

  it('is refused with another amount under the same key', async () => {
    const { provider } = await start();
    const request = payment('pm_ok');
    await provider.charge(request);
    await expect(provider.charge({ ...request, amount: 1 })).rejects.toThrow(ProviderRefusal);
  });
});

describe('a charge', () => {
  it('that is called off before it was asked for is never made', async () => {
    const { provider } = await start();
    const request = payment('pm_ok');
    expect(await provider.cancel(request)).toMatchObject({ state: 'cancelled' });
    expect(await provider.charge(request)).toMatchObject({ state: 'cancelled' });
  });

  it('that was captured is not called off, and is given back once', async () => {
    const { provider, ledger } = await start();
    const request = payment('pm_ok');
    await provider.charge(request);
    expect(await provider.cancel(request)).toMatchObject({ state: 'captured' });
    await Promise.all([1, 2, 3].map(() => provider.refund(request)));
    expect(ledger.get(request.key)).toMatchObject({ state: 'refunded', refunds: 1 });
  });

  it('is remembered after a restart, and one that was under way goes on', async () => {
    const slowly = { slowDelay: 1500, timeout: 500 };
    let { provider } = await start(slowly);
    const [done, under] = [payment('pm_ok'), payment('pm_slow')];
    await provider.charge(done);
    await provider.charge(under).catch(() => undefined);
    await stop();
    await appendFile(join(folder, 'charges.jsonl'), '{"charge":{"id":"ch_h'); // as if it had been killed in the middle of a line
    ({ provider } = await start(slowly));
    expect(await provider.charge(done)).toMatchObject({ state: 'captured' });
    await until('it is captured', async () => (await provider.find(under))?.state === 'captured');
  });
});

describe('webhooks', () => {
  let receiver: Server;
  afterEach(() => void receiver?.close());

  it('come twice each, signed, and are sent again until they are taken', async () => {
    const taken: string[] = [];
    let refusals = 3;
    const webhooks = createSandboxWebhooks(SECRET);
    receiver = createServer((request, response) => {
      void text(request).then((body) => {
        refusals -= 1;
        if (refusals >= 0) return response.writeHead(500).end();
        const { payment: told } = webhooks.parse(Buffer.from(body), request.headers);
        taken.push(`${told?.key} ${told?.state}`);
        return response.writeHead(204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const address = receiver.address();
    if (address === null || typeof address === 'string') throw new Error('listening on no port');
    const { provider, ledger } = await start({ webhookUrl: `http://127.0.0.1:${address.port}` });
    const request = payment('pm_slow');
    await provider.charge(request).catch(() => undefined);
    await until('all is delivered', () => taken.length === 4 && ledger.undelivered().length === 0);
    const told = [`${request.key} captured`, `${request.key} processing`];
    expect(taken.toSorted()).toEqual([told[0], told[0], told[1], told[1]]);
  });
});
