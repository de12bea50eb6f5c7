import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, itemsOf } from '../client.ts';
import { askEveryReplica } from '../every-replica.ts';
import { bearing, newAccount, post, register, tokensIn } from '../people.ts';
import { putOnSale } from '../shop.ts';
import type { Subject } from '../subject.ts';

export function describeCart(subject: () => Subject): void {
  describe('a cart', () => {
    it("of a guest is the same on every replica, goes into the account's at sign-in, and is empty once it was ordered", async () => {
      const { url } = subject();
      const [lamp, other] = await Promise.all([putOnSale(subject(), 10), putOnSale(subject(), 10)]);
      const put = (sku: string, quantity: number, headers: Record<string, string>) =>
        ask(`${url}/v1/cart/items/${sku}`, 'PUT', { quantity }, headers);
      const account = newAccount();
      const { tokens } = await register(subject(), account);
      expect((await put(other.sku, 1, bearing(tokens))).status).toBe(200);

      const guest = { 'cart-token': (await put(lamp.sku, 2, {})).headers.get('cart-token') ?? '' };
      const carts = await askEveryReplica(subject(), () => ask(`${url}/v1/cart`, 'GET', undefined, guest));
      for (const cart of [...carts.values()].flat()) {
        expect(itemsOf(cart).map(({ sku, quantity }) => [sku, quantity])).toEqual([[lamp.sku, 2]]);
        expect(cart.body['total']).toEqual({ amount: 2000, currency: 'EUR' });
      }

      const signedIn = await ask(`${url}/v1/auth/login`, 'POST', account, guest);
      const mine = bearing(tokensIn(signedIn));
      const merged = await ask(`${url}/v1/cart`, 'GET', undefined, mine);
      expect(itemsOf(merged).map(({ sku, quantity }) => [sku, quantity])).toEqual([
        [other.sku, 1],
        [lamp.sku, 2],
      ]);
      expect(itemsOf(await ask(`${url}/v1/cart`, 'GET', undefined, guest))).toEqual([]);

      const ordered = await ask(`${url}/v1/orders`, 'POST', { paymentMethod: 'pm_ok' }, { ...mine, 'idempotency-key': randomUUID() });
      expect([ordered.status, itemsOf(ordered).length]).toEqual([201, 2]);
      expect(itemsOf(await ask(`${url}/v1/cart`, 'GET', undefined, mine))).toEqual([]);
    });

    it('takes nothing that is not on sale, and no token that was made up', async () => {
      const { url } = subject();
      expect((await ask(`${url}/v1/cart/items/NO-SUCH-THING`, 'PUT', { quantity: 1 })).code).toBe('sku_not_found');
      expect((await ask(`${url}/v1/cart`, 'GET', undefined, { 'cart-token': 'made-up' })).code).toBe('invalid_cart_token');
      expect((await post(url, '/v1/orders', { paymentMethod: 'pm_ok' })).code).toBe('authentication_required');
    });
  });
}
