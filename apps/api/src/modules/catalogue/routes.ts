import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Problem } from '../../plugins/problems.ts';
import { CategoryList, ListProducts, Product, ProductList, ProductParams } from './schemas.ts';
import { CACHE_CONTROL, sendCached } from './send-body.ts';
import type { Catalogue } from './service.ts';

export const catalogueRoutes: FastifyPluginAsyncTypebox<{ catalogue: Catalogue }> = async (app, { catalogue }) => {
  const tags = ['catalogue'];
  const config = { policy: 'anyone' } as const;

  app.get(
    '/v1/products',
    {
      config,
      schema: {
        operationId: 'listProducts',
        summary: 'Products, by filters and full text, page by page',
        tags,
        querystring: ListProducts,
        response: { 200: ProductList, '4xx': Problem, '5xx': Problem },
      },
    },
    async (request, reply) => sendCached(request, reply, await catalogue.listProducts(request.query, app.consistency.requested(request))),
  );

  app.get(
    '/v1/products/:id',
    {
      config,
      schema: {
        operationId: 'getProduct',
        summary: 'One product',
        tags,
        params: ProductParams,
        response: { 200: Product, '4xx': Problem, '5xx': Problem },
      },
    },
    async (request, reply) =>
      sendCached(request, reply, await catalogue.findProduct(request.params.id, app.consistency.requested(request))),
  );

  app.get(
    '/v1/categories',
    {
      config,
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
};
