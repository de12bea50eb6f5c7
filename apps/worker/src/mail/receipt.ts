import type { Order } from '@tenfold/orders';
import { type Html, html, money, page } from './layout.ts';
import type { Mail } from './mailer.ts';

/** What a buyer gets for a paid order, once. @param id of the mail. */
export function receiptMail(id: string, to: string, order: Order): Mail {
  const price = (amount: number) => money(amount, order.currency);
  const title = `Your receipt for order ${order.id}`;
  const lines = order.items.map(({ quantity, productName, variantName, unitAmount }) => ({
    name: `${quantity} x ${productName}, ${variantName}`,
    total: price(quantity * unitAmount),
  }));
  const sums = [
    { name: 'Shipping', total: price(order.shippingAmount) },
    { name: 'Total', total: price(order.totalAmount) },
    { name: 'Tax included in it', total: price(order.taxAmount) },
  ];
  const address = order.shippingAddress;
  const shipTo = address ? [address.name, address.line1, address.line2, `${address.postalCode} ${address.city}`, address.country] : [];
  const recipient = shipTo.filter((line) => line !== undefined);

  return {
    id,
    to,
    subject: title,
    text: [
      'Thank you for your order. It is paid.',
      '',
      ...[...lines, ...sums].map(({ name, total }) => `${name}: ${total}`),
      ...(recipient.length > 0 ? ['', 'It goes to:', ...recipient] : []),
      '',
      `Order ${order.id}, ${order.createdAt.slice(0, 10)}`,
    ].join('\n'),
    html: page(
      title,
      html`<p>Thank you for your order. It is paid.</p>
        <table style="width:100%;border-collapse:collapse">
          ${lines.map(row)}${sums.map(row)}
        </table>
        <p>${recipient.map((line) => html`${line}<br />`)}</p>`,
    ),
  };
}

function row({ name, total }: { name: string; total: string }): Html {
  return html`<tr>
    <td style="padding:4px 0">${name}</td>
    <td style="padding:4px 0;text-align:right">${total}</td>
  </tr>`;
}
