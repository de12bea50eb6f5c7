import type { Cache } from '@tenfold/cache';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    cache: Cache;
  }
}

export const cachePlugin = fp<{ cache: Cache }>(
  async (app, { cache }) => {
    app.decorate('cache', cache);
    app.addHook('onClose', () => cache.close());
  },
  { name: 'cache' },
);
