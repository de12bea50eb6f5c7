import type { Order } from '@tenfold/orders';
import { describe, expect, it } from 'vitest';
import { money } from './layout.ts';
import { receiptMail } from './receipt.ts';

describe('money', () => {
  it.each([
    [1999, 'EUR', '€19.99'],
    [1999, 'JPY', '¥1,999'],
    [0, 'USD', '$0.00'],
  ])('%i %s is %s', (amount, currency, text) => {
    expect(money(amount, currency)).toBe(text);
  });
});

const order: Order = {
  userId: '',
  id: '0190-7',
  state: 'paid',
  currency: 'EUR',
  itemsAmount: 3000,
  shippingAmount: 490,
  taxAmount: 557,
  totalAmount: 3490,
  items: [{ sku: 'MUG-1', productName: '<Mug> & "Co"', variantName: 'Blue', quantity: 2, unitAmount: 1500 }],
  paymentId: '',
  paymentMethod: 'pm_ok',
  paymentState: 'captured',
  shippingAddress: { name: 'Ada <b>', line1: 'Street 1', city: 'Bern', postalCode: '3000', country: 'CH' },
  createdAt: '2026-03-01T12:00:00.000Z',
  updatedAt: '',
  expiresAt: '',
};

describe('a receipt', () => {
  const mail = receiptMail('id', 'ada@example.com', order);

  it('says in text what was bought, for how much and where it goes', () => {
    expect(mail.text).toContain('2 x <Mug> & "Co", Blue: €30.00');
    expect(mail.text).toContain('Total: €34.90');
    expect(mail.text).toContain('3000 Bern');
  });

  it('escapes in HTML what other people wrote', () => {
    expect(mail.html).toContain('&lt;Mug&gt; &amp; &quot;Co&quot;');
    expect(mail.html).toContain('Ada &lt;b&gt;');
    expect(mail.html).not.toContain('undefined');
  });
});
