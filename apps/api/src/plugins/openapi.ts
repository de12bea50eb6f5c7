import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';

/** OpenAPI 3.1 at `/openapi.json`, made from the routes' schemas, and a reference page at `/docs` that needs no network. */
export const openapiPlugin = fp(
  async (app) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Tenfold',
          version: '1.0.0',
          description: 'A shop that scales out: any replica answers any request.',
          license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        },
        servers: [{ url: '/', description: 'This edge' }],
        tags: [
          { name: 'catalogue', description: 'Products and categories, read by everyone' },
          { name: 'identity', description: 'Accounts, sessions and tokens' },
          { name: 'cart', description: 'What somebody may buy, signed in or not' },
          { name: 'orders', description: 'What somebody has bought' },
          { name: 'live', description: 'Changes of orders as they happen' },
          { name: 'payments', description: 'What payment providers tell' },
          { name: 'staff', description: 'Writes of staff and administrators' },
          { name: 'admin', description: 'For administrators' },
          { name: 'ops', description: 'What the cluster asks a replica' },
        ],
        security: [],
        components: { securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      },
    });
    await app.register(async (docs) => {
      docs.addHook('onRoute', (route) => {
        route.config = { ...route.config, policy: 'public' }; // the page's files, which its plugin registers itself
      });
      await docs.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { tryItOutEnabled: true } });
    });
    app.get('/openapi.json', { config: { policy: 'public' }, schema: { hide: true } }, async () => app.swagger());
  },
  { name: 'openapi' },
);
