import { describe, expect, it } from 'vitest';
import { ask } from '../client.ts';
import { bearing, register, signIn } from '../people.ts';
import { placeOrder, shopper } from '../shop.ts';
import type { Subject } from '../subject.ts';

/** Asked with GET; who may, and who may not. */
const ROUTES = [
  { path: '/v1/products', nobody: 200, customer: 200, staff: 200, admin: 200 },
  { path: '/v1/me', nobody: 401, customer: 200, staff: 200, admin: 200 },
  { path: '/v1/admin/orders?state=paid', nobody: 401, customer: 403, staff: 200, admin: 200 },
  { path: '/v1/ops/dependencies', nobody: 401, customer: 403, staff: 200, admin: 200 },
  { path: '/v1/admin/users', nobody: 401, customer: 403, staff: 403, admin: 200 },
] as const;

export function describePolicies(subject: () => Subject): void {
  describe('what somebody may', () => {
    it('is decided by their role, on every route', async () => {
      const { url, credentials } = subject();
      const { tokens } = await register(subject());
      const as = {
        nobody: {},
        customer: bearing(tokens),
        staff: await signIn(subject(), credentials.staff),
        admin: await signIn(subject(), credentials.admin),
      };
      const statusFor = async (path: string, headers: Record<string, string>) => (await ask(url + path, 'GET', undefined, headers)).status;
      for (const { path, ...expected } of ROUTES) {
        const roles = await Promise.all(Object.entries(as).map(async ([role, headers]) => [role, await statusFor(path, headers)] as const));
        expect({ path, ...Object.fromEntries(roles) }).toEqual({ path, ...expected });
      }
    });

    it('says so, and how to sign in, where it refuses', async () => {
      const { url } = subject();
      const { tokens } = await register(subject());
      const unsigned = await ask(`${url}/v1/me`);
      expect([unsigned.code, unsigned.headers.get('www-authenticate')]).toEqual([
        'authentication_required',
        expect.stringMatching('Bearer'),
      ]);
      const forged = await ask(`${url}/v1/me`, 'GET', undefined, bearing({ accessToken: `${tokens.accessToken.slice(0, -8)}AAAAAAAA` }));
      expect([forged.status, forged.code]).toEqual([401, 'token_invalid']);
      const product = { name: 'Mine', variants: [] };
      expect((await ask(`${url}/v1/products`, 'POST', product, bearing(tokens))).code).toBe('forbidden');
    });

    it("does not include somebody else's order, which is told like one that there is not", async () => {
      const { url } = subject();
      const [owner, other] = await Promise.all([shopper(subject()), register(subject())]);
      const id = await placeOrder(owner);
      const answer = await ask(`${url}/v1/orders/${id}`, 'GET', undefined, bearing(other.tokens));
      expect([answer.status, answer.code]).toEqual([404, 'order_not_found']);
    });
  });
}
