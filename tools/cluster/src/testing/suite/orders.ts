import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { ask, untilFinal } from '../client.ts';
import { bearing, register } from '../people.ts';
import { availableIn, countOrders, putOnSale, untilState } from '../shop.ts';
import { type Subject, tell } from '../subject.ts';

export function describeOrders(subject: () => Subject): void {
  describe('an order', () => {
    it('that is sent ten times with one key is one order, which is paid, and one receipt is mailed', async () => {
      const { url } = subject();
      const [person, { slug, sku }] = await Promise.all([register(subject()), putOnSale(subject(), 10)]);
      const mine = bearing(person.tokens);
      const keyed = { ...mine, 'idempotency-key': `"${randomUUID()}"` };
      const send = () => untilFinal(() => ask(`${url}/v1/orders`, 'POST', orderOf(sku), keyed));
      const began = performance.now();
      const answers = await Promise.all(Array.from({ length: 10 }, send));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
      const [same, ...others] = new Set(answers.map(({ headers, body }) => `${headers.get('location')} ${JSON.stringify(body)}`));
      expect([replayed.length, others]).toEqual([9, []]);
      const id = String(answers[0]?.body['id']);
      expect(same).toMatch(`/v1/orders/${id} `);

      await untilState({ ...person, url, sku }, id, 'paid');
      tell(`an order was paid ${((performance.now() - began) / 1000).toFixed(1)} s after it was sent`);
      await vi.waitFor(async () => expect(await subject().receipts(id)).toBe(1), { timeout: 60_000, interval: 200 });
      expect(await countOrders(subject(), mine)).toBe(1);
      const left = async () => expect(availableIn(await ask(`${url}/v1/products/${slug}`), sku)).toBe(9);
      await vi.waitFor(left, { timeout: 10_000, interval: 50 });
    });

    it('needs a key, and takes none that was used for another one', async () => {
      const { url } = subject();
      const [person, { sku }] = await Promise.all([register(subject()), putOnSale(subject(), 10)]);
      const keyed = { ...bearing(person.tokens), 'idempotency-key': randomUUID() };
      const send = (quantity: number, headers: Record<string, string>) => ask(`${url}/v1/orders`, 'POST', orderOf(sku, quantity), headers);
      expect((await send(1, keyed)).status).toBe(201);
      const other = await send(2, keyed);
      expect([other.status, other.code]).toEqual([422, 'idempotency_mismatch']);
      const unkeyed = await send(1, bearing(person.tokens));
      expect([unkeyed.status, unkeyed.code]).toEqual([400, 'idempotency_key_missing']);
      expect(await countOrders(subject(), bearing(person.tokens))).toBe(1);
    });

    it('of more than there is is refused, at the price of now, whichever replica is asked again', async () => {
      const { url } = subject();
      const [person, { sku }] = await Promise.all([register(subject()), putOnSale(subject(), 1)]);
      const send = (payload: object) =>
        ask(`${url}/v1/orders`, 'POST', payload, { ...bearing(person.tokens), 'idempotency-key': randomUUID() });
      const outdated = { ...orderOf(sku), items: [{ sku, quantity: 1, expectedUnitPrice: { amount: 1, currency: 'EUR' } }] };
      expect((await send(outdated)).code).toBe('price_changed');
      expect((await send(orderOf(sku, 2))).code).toBe('out_of_stock');
      expect((await send(orderOf(sku))).status).toBe(201);
      const refusals = await Promise.all(Array.from({ length: 5 }, () => send(orderOf(sku))));
      expect(new Set(refusals.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['409 out_of_stock']));
    });
  });
}

const orderOf = (sku: string, quantity = 1) => ({ items: [{ sku, quantity }], paymentMethod: 'pm_ok' });
