import { placeOrder, shopper, stateOf, untilState } from '@tenfold/cluster/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../process/until.ts';
import { subject } from './subject.ts';

const target = subject();

async function allWork() {
  const { worker, paymentSandbox } = await target.cluster.status();
  return [...worker, ...(paymentSandbox ? [paymentSandbox] : [])].every(({ state }) => state === 'ready');
}

afterEach(async () => {
  await target.cluster.scale('worker', 1, () => undefined);
  await until(allWork, { what: 'the workers were not whole again', within: 60_000 });
});

describe('an order', () => {
  it('waits while there is no worker, and is paid by the next one', async () => {
    await target.cluster.scale('worker', 0, () => undefined);
    const who = await shopper(target);
    const id = await placeOrder(who);
    expect(await stateOf(who, id)).toBe('pending');
    await target.cluster.scale('worker', 1, () => undefined);
    await untilState(who, id, 'paid');
  });

  it('waits while the payment provider is away, and is paid when it is back', async () => {
    await target.cluster.stopService('payment-sandbox', () => undefined);
    const who = await shopper(target);
    const id = await placeOrder(who);
    expect(await stateOf(who, id)).toBe('pending');
    await target.cluster.startService('payment-sandbox', () => undefined);
    await untilState(who, id, 'paid');
  });
});

describe('orders under way', () => {
  it('are all paid, with one receipt each, though workers are killed, drained and scaled', async () => {
    const who = await shopper(target);
    const ids: string[] = [];
    const buy = async (count: number) => {
      for (let index = 0; index < count; index += 1) ids.push(await placeOrder(who));
    };
    await buy(5);
    await target.cluster.kill('worker-1');
    await buy(5);
    await target.cluster.scale('worker', 2, () => undefined);
    await buy(5);
    await target.cluster.drain('worker-1', () => undefined);
    await buy(5);
    await target.cluster.scale('worker', 1, () => undefined);
    for (const id of ids) await untilState(who, id, 'paid');
    const receipts = () => Promise.all(ids.map((id) => target.receipts(id)));
    await until(async () => (await receipts()).every((count) => count > 0), { what: 'not every order had its receipt', within: 60_000 });
    expect(await receipts()).toEqual(ids.map(() => 1));
  });
});
