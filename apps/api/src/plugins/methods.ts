import createError from '@fastify/error';
import fp from 'fastify-plugin';
import { withHeaders } from './problems.ts';

const MethodNotAllowed = createError('METHOD_NOT_ALLOWED', 'This address takes %s', 405);

/** What the edge lets through. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * The right address with the wrong method is a 405 that names the right ones (RFC 9110, 15.5.6); Fastify alone says 404. To be
 * registered last: it looks at the routes that are there.
 */
export const methodsPlugin = fp(
  async (app) => {
    const addresses = new Set(app.routePolicies().map(({ url }) => url));
    for (const url of addresses) {
      const allow = METHODS.filter((method) => app.hasRoute({ method, url })).join(', ');
      app.route({
        method: METHODS.filter((method) => !app.hasRoute({ method, url })),
        url,
        config: { policy: 'public' },
        schema: { hide: true },
        // Before its body is read.
        onRequest: (_request, _reply, done) => done(withHeaders(new MethodNotAllowed(allow), { allow })),
        handler: () => undefined,
      });
    }
  },
  { name: 'methods', dependencies: ['identity'] },
);
