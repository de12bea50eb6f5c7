import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { signedIn } from '../../plugins/identity.ts';
import { sendAnswer } from '../../plugins/keyed-writes.ts';
import { Problem } from '../../plugins/problems.ts';
import { actorOf } from '../audit/actor.ts';
import { cartToken } from '../cart/routes.ts';
import type { Checkout } from './checkout.ts';
import {
  CustomerOrder,
  CustomerOrderList,
  Keyed,
  ListAllOrders,
  ListOrders,
  Order,
  OrderList,
  OrderParams,
  PlaceOrder,
} from './schemas.ts';
import type { Orders } from './service.ts';

interface OrdersRoutesOptions {
  checkout: Checkout;
  orders: Orders;
  /** Called after each commit that left work for the workers. */
  wake: () => void;
}

export const ordersRoutes: FastifyPluginAsyncTypebox<OrdersRoutesOptions> = async (app, { checkout, orders, wake }) => {
  const problems = { '4xx': Problem, '5xx': Problem };
  const security = [{ accessToken: [] }];
  const own = { config: { policy: 'user' } } as const;
  const shared = { tags: ['orders'], security };
  const staff = { config: { policy: 'staff' } } as const;
  const sharedByStaff = { tags: ['staff'], security };

  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
  });

  app.post(
    '/v1/orders',
    {
      ...own,
      schema: {
        ...shared,
        operationId: 'placeOrder',
        summary: 'Order what is in the cart, or a list of items',
        description:
          'Needs an Idempotency-Key. Sent again with the same key, it answers what it answered at first (Idempotency-Replayed: true) and does nothing.',
        headers: Keyed,
        body: PlaceOrder,
        response: { 201: Order, ...problems },
      },
    },
    async (request, reply) => {
      app.keyedWrites.require(request);
      checkout.check(request.body);
      const userId = signedIn(request).sub;
      const buyer = { userId, token: cartToken(request), actor: actorOf(request) };
      const look = await checkout.look(buyer, request.body);
      let after: (() => Promise<void>) | undefined;
      const { replayed, answer } = await app.keyedWrites.run(request, reply, async (tx, answered) => {
        await checkout.place(tx, buyer, request.body, look, { answered, afterwards: (work) => void (after = work) });
      });
      const orderId = answer.location?.split('/').at(-1);
      if (!replayed) wake();
      else if (orderId !== undefined && !request.body.items) after = () => checkout.takeOutAgain({ userId, orderId });
      await after?.();
      return sendAnswer(reply, answer);
    },
  );

  app.get(
    '/v1/orders',
    {
      ...own,
      schema: {
        ...shared,
        operationId: 'listOrders',
        summary: 'Your orders, newest first',
        querystring: ListOrders,
        response: { 200: OrderList, ...problems },
      },
    },
    (request) => orders.list(signedIn(request).sub, request.query, app.consistency.requested(request)),
  );

  app.get(
    '/v1/orders/:id',
    {
      ...own,
      schema: {
        ...shared,
        operationId: 'getOrder',
        summary: 'One of your orders',
        params: OrderParams,
        response: { 200: Order, ...problems },
      },
    },
    (request) => orders.find({ userId: signedIn(request).sub, orderId: request.params.id }, app.consistency.requested(request)),
  );

  app.post(
    '/v1/orders/:id/cancel',
    {
      ...own,
      schema: {
        ...shared,
        operationId: 'cancelOrder',
        summary: 'Call an order off that is not paid yet',
        headers: Keyed,
        params: OrderParams,
        response: { 200: Order, ...problems },
      },
    },
    async (request, reply) => {
      const ref = { userId: signedIn(request).sub, orderId: request.params.id };
      let after: (() => Promise<void>) | undefined;
      const { answer } = await app.keyedWrites.run(request, reply, async (tx, answered) => {
        after = await orders.cancel(tx, ref, actorOf(request), answered);
      });
      wake();
      await after?.();
      return sendAnswer(reply, answer);
    },
  );

  app.get(
    '/v1/admin/orders',
    {
      ...staff,
      schema: {
        ...sharedByStaff,
        operationId: 'listAllOrders',
        summary: "Everybody's orders in one state, oldest first",
        querystring: ListAllOrders,
        response: { 200: CustomerOrderList, ...problems },
      },
    },
    (request) => orders.listAll(request.query),
  );

  app.post(
    '/v1/admin/orders/:id/fulfil',
    {
      ...staff,
      schema: {
        ...sharedByStaff,
        operationId: 'fulfilOrder',
        summary: 'A paid order has been sent',
        headers: Keyed,
        params: OrderParams,
        response: { 200: CustomerOrder, ...problems },
      },
    },
    async (request, reply) => {
      const { answer } = await app.keyedWrites.run(request, reply, (tx, answered) =>
        orders.fulfil(tx, request.params.id, actorOf(request), answered),
      );
      wake();
      return sendAnswer(reply, answer);
    },
  );

  app.post(
    '/v1/admin/orders/:id/refund',
    {
      ...staff,
      schema: {
        ...sharedByStaff,
        operationId: 'refundOrder',
        summary: 'Give the money of a paid order back',
        description: 'The answer says that it has begun: the order is refunded once the payment provider has done it.',
        headers: Keyed,
        params: OrderParams,
        response: { 202: CustomerOrder, ...problems },
      },
    },
    async (request, reply) => {
      const { answer } = await app.keyedWrites.run(request, reply, (tx, answered) =>
        orders.refund(tx, request.params.id, actorOf(request), answered),
      );
      wake();
      return sendAnswer(reply, answer);
    },
  );
};
