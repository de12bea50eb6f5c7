import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openShop, type Shop } from '../../testing/shop.ts';

let shop: Shop;
let user: string;

beforeAll(async () => {
  shop = await openShop(inject('stores'));
  user = await shop.account();
});
afterAll(() => shop?.close());

describe('the Idempotency-Key', () => {
  const body = (sku: string) => ({ items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' });

  it('makes one order of 100 requests at once over all replicas: the rest is told to wait, or gets the same bytes', async () => {
    const { sku } = await shop.product({ available: 100 });
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 100 }, () => shop.order(user, body(sku), headers)));
    const made = answers.filter(({ statusCode, headers: given }) => statusCode === 201 && given['idempotency-replayed'] === undefined);
    const replays = answers.filter((answer) => answer.headers['idempotency-replayed'] === 'true');
    const waiting = answers.filter(({ statusCode }) => statusCode === 409);
    expect([made.length, made.length + replays.length + waiting.length]).toEqual([1, 100]);
    for (const { statusCode, body: text, headers: given } of replays) {
      expect([statusCode, text, given['location'], given['content-type']]).toEqual([
        201,
        made[0]?.body,
        made[0]?.headers['location'],
        made[0]?.headers['content-type'],
      ]);
    }
    expect(new Set(waiting.map((answer) => `${answer.json().code} ${answer.headers['retry-after']}`))).toEqual(
      new Set(waiting.map(() => 'idempotency_in_flight 1')),
    );
    expect([await shop.ordersOf(sku), (await shop.stock(sku)).count]).toEqual([1, 99]);
  });

  it('is the same key with and without quotes', async () => {
    const { sku } = await shop.product();
    const key = randomUUID();
    const first = await shop.order(user, body(sku), { 'idempotency-key': `"${key}"` });
    const again = await shop.order(user, body(sku), { 'idempotency-key': key });
    expect([first.statusCode, again.headers['idempotency-replayed'], again.body]).toEqual([201, 'true', first.body]);
  });

  it.each(['""', '"', 'two words', '"a", "b"', 'a,b', `"${'x'.repeat(256)}"`, 'caf\u00e9'])('has to be one: %j', async (key) => {
    const answer = await shop.order(user, body('A-1'), { 'idempotency-key': key });
    expect(answer.json()).toMatchObject({ status: 400, code: 'idempotency_key_invalid', errors: [{ field: 'Idempotency-Key' }] });
  });

  it('is required', async () => {
    for (const headers of [{}, { 'idempotency-key': '' }]) {
      const answer = await shop.order(user, body('A-1'), headers);
      expect(answer.json()).toMatchObject({ status: 400, code: 'idempotency_key_missing', errors: [{ field: 'Idempotency-Key' }] });
    }
  });

  it('is for one payload', async () => {
    const { sku } = await shop.product();
    const headers = { 'idempotency-key': randomUUID() };
    await shop.order(user, body(sku), headers);
    const other = await shop.order(user, { ...body(sku), paymentMethod: 'pm_slow' }, headers);
    expect(other.json()).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    expect(await shop.ordersOf(sku)).toBe(1);
  });

  it('keeps a final refusal, and not a mistake in the request', async () => {
    const { sku } = await shop.product({ available: 0 });
    const headers = { 'idempotency-key': randomUUID() };
    expect((await shop.order(user, {}, headers)).statusCode).toBe(400);
    const refused = await shop.order(user, body(sku), headers);
    expect(refused.json()).toMatchObject({ status: 409, code: 'out_of_stock' });
    await shop.count(sku, 5);
    const again = await shop.order(user, body(sku), headers);
    expect([again.statusCode, again.body, again.headers['idempotency-replayed']]).toEqual([409, refused.body, 'true']);
    expect((await shop.order(user, body(sku))).statusCode).toBe(201);
  });

  it('is one user’s: the same key of another is another', async () => {
    const { sku } = await shop.product();
    const headers = { 'idempotency-key': randomUUID() };
    const [mine, theirs] = [await shop.order(user, body(sku), headers), await shop.order(await shop.account(), body(sku), headers)];
    expect([mine.statusCode, theirs.statusCode, theirs.headers['idempotency-replayed']]).toEqual([201, 201, undefined]);
    expect(theirs.json().id).not.toBe(mine.json().id);
  });
});
