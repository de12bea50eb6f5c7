import { createLogger, createMetrics } from '@tenfold/runtime';
import { describe, expect, it } from 'vitest';
import { withBreaker } from './breaker.ts';
import { type PaymentRequest, type ProviderPayment, ProviderRefusal, ProviderUnavailable } from './provider.ts';

const request: PaymentRequest = { key: 'k', amount: 1, currency: 'EUR', method: 'pm_ok', reference: 'o' };
const captured: ProviderPayment = { key: 'k', ref: 'r', state: 'captured' };

function guarded(charge: () => Promise<ProviderPayment>) {
  const provider = {
    name: 'sandbox',
    charge,
    find: charge,
    cancel: charge,
    refund: charge,
  } as const;
  return withBreaker(provider, createLogger({ name: 'test', level: 'silent' }), createMetrics({}));
}

describe('the breaker of a provider', () => {
  it('asks no more after five answers that never came', async () => {
    let asked = 0;
    const provider = guarded(async () => {
      asked += 1;
      throw new ProviderUnavailable('no answer');
    });
    for (let call = 0; call < 8; call += 1) await expect(provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    expect(asked).toBe(5);
    await expect(provider.find(request)).rejects.toThrow('is not asked for a while');
  });

  it('stays closed for refusals, which are answers', async () => {
    let asked = 0;
    const provider = guarded(async () => {
      asked += 1;
      throw new ProviderRefusal('no such currency');
    });
    for (let call = 0; call < 8; call += 1) await expect(provider.charge(request)).rejects.toThrow(ProviderRefusal);
    expect(asked).toBe(8);
  });

  it('hands answers through', async () => {
    await expect(guarded(async () => captured).charge(request)).resolves.toBe(captured);
  });
});
