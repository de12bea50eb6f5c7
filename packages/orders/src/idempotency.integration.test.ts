import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { claimKey, forgetOldKeys, type KeyScope, storeAnswer } from './idempotency.ts';
import { atOnce, openSharedShop, type Shop, valuesOf } from './testing/shop.ts';

let shop: Shop;
let userId: string;
beforeAll(async () => {
  shop = await openSharedShop(inject('stores'));
  userId = await shop.addUser();
});
afterAll(() => shop?.close());

const scope = (): KeyScope => ({ userId, route: 'POST /v1/orders', key: randomUUID() });
const PRINT = Buffer.from('payload');
const ANSWER = { status: 201, body: '{"id":"1"}', location: '/v1/orders/1' };
const once = (key: KeyScope, fingerprint = PRINT) =>
  shop.transaction(async (tx) => {
    const claim = await claimKey(tx, key, fingerprint);
    if (claim.outcome === 'claimed') await storeAnswer(tx, key, ANSWER);
    return claim;
  });
const age = (key: KeyScope, interval: string) =>
  shop.rows('UPDATE idempotency_keys SET created_at = now() - $2::text::interval WHERE user_id = $3 AND key = $1', [
    key.key,
    interval,
    userId,
  ]);

describe('claimKey', () => {
  it('lets one of many at once through; the others are told that it is under way, or get its answer', async () => {
    const key = scope();
    const outcomes = valuesOf(await atOnce(30, () => once(key)));
    expect(outcomes.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1);
    const others = outcomes.filter(({ outcome }) => outcome !== 'claimed' && outcome !== 'in_flight');
    expect(others).toEqual(others.map(() => ({ outcome: 'replay', answer: ANSWER })));
    expect(await once(key)).toEqual({ outcome: 'replay', answer: ANSWER });
  });

  it('answers at once while the first is under way', async () => {
    const key = scope();
    await shop.transaction(async (tx) => {
      expect(await claimKey(tx, key, PRINT)).toEqual({ outcome: 'claimed' });
      expect(await once(key)).toEqual({ outcome: 'in_flight' });
      await storeAnswer(tx, key, ANSWER);
    });
  });

  it('is free again when the first came to nothing', async () => {
    const key = scope();
    const failed = shop.transaction(async (tx) => {
      await claimKey(tx, key, PRINT);
      throw new Error('broke off');
    });
    await expect(failed).rejects.toThrow('broke off');
    expect(await once(key)).toEqual({ outcome: 'claimed' });
  });

  it('tells another payload, and keeps users and routes apart', async () => {
    const key = scope();
    await once(key);
    expect(await once(key, Buffer.from('other'))).toEqual({ outcome: 'mismatch' });
    expect(await once({ ...key, route: 'POST /v1/other' })).toEqual({ outcome: 'claimed' });
    expect(await once({ ...key, userId: await shop.addUser() })).toEqual({ outcome: 'claimed' });
  });

  it('keeps an answer for 24 hours', async () => {
    const key = scope();
    await once(key);
    await age(key, '23 hours 59 minutes');
    expect(await once(key, Buffer.from('other'))).toEqual({ outcome: 'mismatch' });
    await age(key, '24 hours 1 minute');
    expect(await once(key, Buffer.from('other'))).toEqual({ outcome: 'claimed' });
  });
});

describe('forgetOldKeys', () => {
  it('deletes what is past its time, so many at a time, and nothing else', async () => {
    const [young, ...old] = [scope(), scope(), scope(), scope()];
    for (const key of [young, ...old]) if (key) await once(key);
    for (const key of old) await age(key, '25 hours');
    expect(await forgetOldKeys(shop.db.primary, 2)).toBe(2);
    while ((await forgetOldKeys(shop.db.primary, 2)) > 0);
    const left = await shop.rows<{ key: string }>('SELECT key FROM idempotency_keys WHERE user_id = $1 AND key = ANY($2)', [
      userId,
      [young, ...old].map((key) => key?.key),
    ]);
    expect(left).toEqual([{ key: young?.key }]);
  });
});
