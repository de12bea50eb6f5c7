import type { Logger, Position } from '@tenfold/runtime';
import { withField } from '../../plugins/problems.ts';
import { SkuNotFound } from '../catalogue/errors.ts';
import { CartFull, InvalidCartToken } from './errors.ts';
import type { GuestTokens } from './guest-tokens.ts';
import type { CartRepository, SaleItem } from './repository.ts';
import type { Cart, CartItem } from './schemas.ts';
import { type CartLine, type CartOwner, type CartStore, MAX_LINES } from './store.ts';

interface CartsOptions {
  store: CartStore;
  repository: CartRepository;
  tokens: GuestTokens;
  logger: Logger;
}

/** Who asks about a cart: an account, a guest's token, both or neither. */
export interface Asker {
  userId: string | undefined;
  token: string | undefined;
}

export function createCarts({ store, repository, tokens, logger }: CartsOptions) {
  /**
   * Whose cart is meant. With an account and a guest's token the guest's cart goes into the account's first.
   *
   * @throws InvalidCartToken
   */
  async function ownerOf({ userId, token }: Asker): Promise<CartOwner | undefined> {
    const guestId = token === undefined ? undefined : tokens.verify(token);
    if (token !== undefined && guestId === undefined)
      throw withField(new InvalidCartToken(), 'Cart-Token', 'was not issued by this service');
    if (userId === undefined) return guestId === undefined ? undefined : { guestId };
    if (guestId !== undefined) await store.merge(guestId, userId);
    return { userId };
  }

  const linesOf = async (asker: Asker): Promise<CartLine[]> => {
    const owner = await ownerOf(asker);
    return owner ? store.read(owner) : [];
  };

  return {
    /** What is in the cart, with prices, names and availability as they are now. */
    async show(asker: Asker, after: Position | undefined): Promise<Cart> {
      const lines = await linesOf(asker);
      const onSale = await repository.onSale(
        lines.map(({ sku }) => sku),
        after,
      );
      const items = lines.map((line) => toItem(line, onSale.get(line.sku)));
      return { items, total: totalOf(items) };
    },

    /**
     * Sets how many of a SKU are in the cart.
     *
     * @returns with the item the token of a new guest, to be sent from now on.
     * @throws SkuNotFound, CartFull
     */
    async put(asker: Asker, sku: string, quantity: number, after: Position | undefined): Promise<{ item: CartItem; issued?: string }> {
      const found = (await repository.onSale([sku], after)).get(sku);
      if (!found) throw withField(new SkuNotFound(sku), 'sku', 'is not on sale');
      let owner = await ownerOf(asker);
      const issued = owner ? undefined : tokens.issue();
      if (issued !== undefined) owner = await ownerOf({ userId: undefined, token: issued });
      if (!owner || !(await store.put(owner, sku, quantity)))
        throw withField(new CartFull(MAX_LINES), 'sku', `would be number ${MAX_LINES + 1}`);
      return { item: toItem({ sku, quantity }, found), ...(issued !== undefined && { issued }) };
    },

    async remove(asker: Asker, sku: string): Promise<void> {
      const owner = await ownerOf(asker);
      if (owner) await store.remove(owner, sku);
    },

    async clear(asker: Asker): Promise<void> {
      const owner = await ownerOf(asker);
      if (owner) await store.clear(owner);
    },

    linesOf,

    /** Takes what was ordered out of the cart. The order stands, whatever becomes of this: never throws. */
    async takeOut(userId: string, stamp: number): Promise<void> {
      await store.takeOut({ userId }, stamp).catch((error: unknown) => logger.warn({ err: error }, 'a cart still has what was ordered'));
    },

    /** Brings a guest's cart along when they sign in. Nobody is kept out because of it: never throws, and the next look at the cart tries again. */
    async adopt(userId: string, token: string | undefined): Promise<void> {
      const guestId = token === undefined ? undefined : tokens.verify(token);
      if (guestId === undefined) return;
      await store.merge(guestId, userId).catch((error: unknown) => logger.warn({ err: error }, "a guest's cart was not merged at sign-in"));
    },
  };
}
export type Carts = ReturnType<typeof createCarts>;

function toItem({ sku, quantity }: Pick<CartLine, 'sku' | 'quantity'>, found: SaleItem | undefined): CartItem {
  if (!found) return { sku, quantity, productId: null, name: null, variant: null, price: null, available: 0 };
  const { productId, name, variant, amount, currency, available } = found;
  return { sku, quantity, productId, name, variant, price: { amount, currency }, available };
}

function totalOf(items: readonly CartItem[]): Cart['total'] {
  const priced = items.flatMap(({ price, quantity }) => (price ? [{ ...price, quantity }] : []));
  const [first] = priced;
  if (!first || priced.some(({ currency }) => currency !== first.currency)) return null;
  return { amount: priced.reduce((sum, { amount, quantity }) => sum + amount * quantity, 0), currency: first.currency };
}
