import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Cached } from '@tenfold/cache';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { matches } from '../../plugins/conditional.ts';
import { Problem } from '../../plugins/problems.ts';
import { CategoryList, ListProducts, Product, ProductList, ProductParams, SetStock, Stock, VariantParams } from './schemas.ts';
import type { Body, Catalogue } from './service.ts';

/** Kept by browsers and proxies, and asked about each time: a 304 is cheap, a wrong price is not. */
const CACHE_CONTROL = 'public, no-cache';

export const catalogueRoutes: FastifyPluginAsyncTypebox<{ catalogue: Catalogue }> = async (app, { catalogue }) => {
  const tags = ['catalogue'];

  app.get(
    '/v1/products',
    {
      schema: {
        operationId: 'listProducts',
        summary: 'Products, by filters and full text, page by page',
        tags,
        querystring: ListProducts,
        response: { 200: ProductList, '4xx': Problem, '5xx': Problem },
      },
    },
    async (request, reply) => sendBody(request, reply, await catalogue.listProducts(request.query, app.consistency.requested(request))),
  );

  app.get(
    '/v1/products/:idOrSlug',
    {
      schema: {
        operationId: 'getProduct',
        summary: 'One product',
        tags,
        params: ProductParams,
        response: { 200: Product, '4xx': Problem, '5xx': Problem },
      },
    },
    async (request, reply) =>
      sendBody(request, reply, await catalogue.findProduct(request.params.idOrSlug, app.consistency.requested(request))),
  );

  app.get(
    '/v1/categories',
    {
      schema: {
        operationId: 'listCategories',
        summary: 'All categories',
        tags,
        response: { 200: CategoryList, '4xx': Problem, '5xx': Problem },
      },
    },
    async (request, reply) => {
      const { value, status } = await catalogue.listCategories(app.consistency.requested(request));
      return reply.headers({ 'cache-control': CACHE_CONTROL, 'cache-status': status }).send(value);
    },
  );

  app.put(
    '/v1/variants/:sku/stock',
    {
      onRequest: app.requireStaff,
      schema: {
        operationId: 'setStock',
        summary: 'Set how many of a variant can be bought',
        description: 'The answer carries a Consistency-Token: a read that sends it sees this change on every replica.',
        tags: ['staff'],
        security: [{ staffKey: [] }],
        params: VariantParams,
        body: SetStock,
        response: { 200: Stock, '4xx': Problem, '5xx': Problem },
      },
    },
    async (request, reply) => {
      const { stock, position } = await catalogue.setStock(request.params.sku, request.body);
      app.consistency.issue(reply, position);
      return stock;
    },
  );
};

/** Sends what was serialised when it was loaded, or 304 when the client has it already. */
function sendBody(request: FastifyRequest, reply: FastifyReply, { value: { text, etag }, status }: Cached<Body>) {
  void reply.header('etag', etag).header('cache-control', CACHE_CONTROL).header('cache-status', status);
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(text);
}
