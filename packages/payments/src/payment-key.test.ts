import { describe, expect, it } from 'vitest';
import { parsePaymentKey, paymentKey } from './payment-key.ts';

const ids = { userId: '01900000-0000-7000-8000-000000000001', paymentId: '01900000-0000-7000-8000-000000000002' };

describe('a payment key', () => {
  it('gives back what it was made of', () => {
    expect(parsePaymentKey(paymentKey(ids))).toEqual(ids);
  });

  it.each(['', 'x.y', ids.userId, `${ids.userId}.${ids.paymentId}.`, `${ids.userId}.${ids.paymentId}\n`])('is not %j', (key) => {
    expect(parsePaymentKey(key)).toBeUndefined();
  });
});
