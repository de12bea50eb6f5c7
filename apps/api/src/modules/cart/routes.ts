import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Problem } from '../../plugins/problems.ts';
import { Cart, CartItem, CartItemParams, SetQuantity } from './schemas.ts';
import type { Asker, Carts } from './service.ts';

/** A guest's token comes in the first answer that needs one, and goes with every request from then on, sign-in included. */
const HEADER = 'cart-token';

export const cartRoutes: FastifyPluginAsyncTypebox<{ carts: Carts }> = async (app, { carts }) => {
  const config = { policy: 'anyone' } as const;
  const shared = { tags: ['cart'], security: [{}, { accessToken: [] }] };
  const problems = { '4xx': Problem, '5xx': Problem };
  const Nothing = Type.Null({ description: 'Done' });

  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
  });

  app.get(
    '/v1/cart',
    {
      config,
      schema: {
        ...shared,
        operationId: 'getCart',
        summary: 'What is in the cart',
        description: "A guest's cart is found by its Cart-Token; signed in, one that is sent is merged into the account's.",
        response: { 200: Cart, ...problems },
      },
    },
    (request) => carts.show(askerOf(request), app.consistency.requested(request)),
  );

  app.put(
    '/v1/cart/items/:sku',
    {
      config,
      schema: {
        ...shared,
        operationId: 'setCartItem',
        summary: 'Set how many of something are in the cart',
        description: 'The answer to a guest without a Cart-Token carries one: send it from then on.',
        params: CartItemParams,
        body: SetQuantity,
        response: { 200: CartItem, ...problems },
      },
    },
    async (request, reply) => {
      const { sku } = request.params;
      const asker = askerOf(request);
      // A cart is kept for a month: without a limit one client could fill redis-state.
      if (asker.userId === undefined && asker.token === undefined) await app.rateLimits.guestCart(request, reply);
      const { item, issued } = await carts.put(asker, sku, request.body.quantity, app.consistency.requested(request));
      if (issued !== undefined) void reply.header(HEADER, issued);
      return item;
    },
  );

  app.delete(
    '/v1/cart/items/:sku',
    {
      config,
      schema: {
        ...shared,
        operationId: 'removeCartItem',
        summary: 'Take something out of the cart',
        params: CartItemParams,
        response: { 204: Nothing, ...problems },
      },
    },
    async (request, reply) => {
      await carts.remove(askerOf(request), request.params.sku);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/v1/cart',
    { config, schema: { ...shared, operationId: 'clearCart', summary: 'Empty the cart', response: { 204: Nothing, ...problems } } },
    async (request, reply) => {
      await carts.clear(askerOf(request));
      return reply.code(204).send(null);
    },
  );
};

function askerOf(request: FastifyRequest): Asker {
  return { userId: request.principal?.sub, token: cartToken(request) };
}

/** The Cart-Token header, as it was sent. */
export function cartToken({ headers }: FastifyRequest): string | undefined {
  const token = headers[HEADER];
  return Array.isArray(token) ? token.join() : token;
}
