import { createHash, timingSafeEqual } from 'node:crypto';
import createError from '@fastify/error';
import type { preHandlerHookHandler } from 'fastify';
import fp from 'fastify-plugin';

const Unauthorized = createError('UNAUTHORIZED', 'This needs the staff key: Authorization: Bearer …', 401);

declare module 'fastify' {
  interface FastifyInstance {
    /** Lets only requests through that carry the staff key. */
    requireStaff: preHandlerHookHandler;
  }
}

export const staffKeyPlugin = fp<{ key: string }>(
  async (app, { key }) => {
    const expected = digest(`Bearer ${key}`);
    app.decorate<preHandlerHookHandler>('requireStaff', (request, reply, done) => {
      if (timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) return done();
      void reply.header('www-authenticate', 'Bearer');
      done(new Unauthorized());
    });
  },
  { name: 'staff-key' },
);

/** Of equal length whatever was sent, as a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
