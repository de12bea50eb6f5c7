import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Problem } from '../../../plugins/problems.ts';
import { actorOf } from '../../audit/actor.ts';
import { Product } from '../schemas.ts';
import { sendBody } from '../send-body.ts';
import {
  ChangeProduct,
  CreateProduct,
  IfMatch,
  ProductIdParams,
  SetBuckets,
  SetPrice,
  SetStock,
  Stock,
  VariantParams,
  VariantPrice,
} from './schemas.ts';
import type { CatalogueStaff } from './service.ts';

/** Every answer carries a Consistency-Token: a read that sends it sees the change on every replica. */
export const catalogueStaffRoutes: FastifyPluginAsyncTypebox<{ staff: CatalogueStaff }> = async (app, { staff }) => {
  const config = { policy: 'staff' } as const;
  const shared = { tags: ['staff'], security: [{ accessToken: [] }] };
  const problems = { '4xx': Problem, '5xx': Problem };

  app.post(
    '/v1/products',
    {
      config,
      schema: {
        ...shared,
        operationId: 'createProduct',
        summary: 'Put a product on sale',
        body: CreateProduct,
        response: { 201: Product, ...problems },
      },
    },
    async (request, reply) => {
      const { value, position } = await staff.create(actorOf(request), request.body);
      app.consistency.issue(reply, position);
      return sendBody(reply.code(201).header('location', `/v1/products/${value.id}`), value.body);
    },
  );

  app.patch(
    '/v1/products/:id',
    {
      config,
      schema: {
        ...shared,
        operationId: 'changeProduct',
        summary: 'Change what a product says',
        description:
          'Needs If-Match, so that two who edit at once do not overwrite each other. What is sold in between stops nobody. After a 412 read it again.',
        params: ProductIdParams,
        headers: IfMatch,
        body: ChangeProduct,
        response: { 200: Product, ...problems },
      },
    },
    async (request, reply) => {
      const { value, position } = await staff.update(actorOf(request), request.params.id, request.headers['if-match'], request.body);
      app.consistency.issue(reply, position);
      return sendBody(reply, value);
    },
  );

  app.post(
    '/v1/products/:id/archive',
    {
      config,
      schema: {
        ...shared,
        operationId: 'archiveProduct',
        summary: 'Take a product off sale',
        params: ProductIdParams,
        response: { 204: Type.Null({ description: 'Done' }), ...problems },
      },
    },
    async (request, reply) => {
      app.consistency.issue(reply, await staff.archive(actorOf(request), request.params.id));
      return reply.code(204).send(null);
    },
  );

  app.put(
    '/v1/variants/:sku/price',
    {
      config,
      schema: {
        ...shared,
        operationId: 'setPrice',
        summary: "Set a variant's price",
        params: VariantParams,
        body: SetPrice,
        response: { 200: VariantPrice, ...problems },
      },
    },
    async (request, reply) => {
      const { value, position } = await staff.setPrice(actorOf(request), request.params.sku, request.body);
      app.consistency.issue(reply, position);
      return value;
    },
  );

  app.put(
    '/v1/variants/:sku/stock',
    {
      config,
      schema: {
        ...shared,
        operationId: 'setStock',
        summary: 'Set how many of a variant can be bought',
        params: VariantParams,
        body: SetStock,
        response: { 200: Stock, ...problems },
      },
    },
    async (request, reply) => {
      const { value, position } = await staff.setStock(actorOf(request), request.params.sku, request.body);
      app.consistency.issue(reply, position);
      return value;
    },
  );

  app.put(
    '/v1/variants/:sku/buckets',
    {
      config,
      schema: {
        ...shared,
        operationId: 'setStockBuckets',
        summary: "Spread a variant's stock over so many rows",
        description:
          'One at first. More for what very many people will buy in the same second: they wait for one row in so many. Changes no count.',
        params: VariantParams,
        body: SetBuckets,
        response: { 200: Stock, ...problems },
      },
    },
    async (request, reply) => {
      const { value, position } = await staff.setStock(actorOf(request), request.params.sku, request.body);
      app.consistency.issue(reply, position);
      return value;
    },
  );
};
