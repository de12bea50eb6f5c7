import type { LifecycleState } from '@tenfold/runtime';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    /** This replica, as `X-Served-By` and audit records name it. */
    replicaName: string;
  }
}

/** Which replica answered, under which request id; and, while draining, that the connection ends with this answer. */
export const replicaPlugin = fp<{ name: string; state: () => LifecycleState }>(
  async (app, { name, state }) => {
    app.decorate('replicaName', name);
    app.addHook('onRequest', (request, reply, done) => {
      void reply.header('x-served-by', name).header('x-request-id', request.id);
      if (state() === 'draining') void reply.header('connection', 'close');
      done();
    });
  },
  { name: 'replica' },
);
