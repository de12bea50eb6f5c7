import type { Shop } from './shop.ts';

interface Line {
  sku: string;
  quantity: number;
}

/** @returns `SKU x quantity` of each line. */
export async function linesIn(answer: Promise<{ json(): { items: Line[] } }>): Promise<string[]> {
  return (await answer).json().items.map(({ sku, quantity }) => `${sku} x ${quantity}`);
}

/** What tests do with carts. @param shop which is opened before the first of them. */
export function cartsOf(shop: () => Shop) {
  return {
    cartOf: (user: string, headers?: Record<string, string>) => linesIn(shop().ask(user, 'GET', '/v1/cart', undefined, headers)),
    put: (user: string, sku: string, quantity: unknown) => shop().ask(user, 'PUT', `/v1/cart/items/${sku}`, { quantity }),
    /** Puts something into a new guest's cart. @returns the header that they send from then on. */
    newGuest: async (sku: string, quantity: number) => {
      const answer = await shop().guest('PUT', `/v1/cart/items/${sku}`, { quantity });
      return { 'cart-token': String(answer.headers['cart-token']) };
    },
    /** Leaves the cart as a replica does that dies after the commit of an order from it. */
    notEmptied: async (user: string, order: () => Promise<unknown>) => {
      const redis = shop().replicas[0]?.redisState;
      const key = `tenfold:cart:user:${user}`;
      const before = await redis?.hgetall(key);
      await order();
      await redis?.hset(key, before ?? {});
    },
  };
}
