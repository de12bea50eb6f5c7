import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { type Queues, QUEUES } from '@tenfold/queue';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { signedIn } from './identity.ts';
import { Problem, sendProblem } from './problems.ts';

const PATH = '/admin/queues';
const COOKIE = 'tenfold_board';

/** The page's own scripts and styles; it asks for a font of Google's, and does without. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; frame-ancestors 'none'";

/**
 * A browser can't send a bearer token with a page, so the board's pages carry it in a cookie of their own: taken for the
 * header here, before anybody looks at it. The board changes nothing, so there is nothing that a foreign page could do.
 */
export const queueBoardCookiePlugin = fp(
  async (app) => {
    app.addHook('onRequest', (request, _reply, done) => {
      const { headers, url } = request;
      if (headers.authorization === undefined && headers.cookie && (url === PATH || url.startsWith(`${PATH}/`))) {
        const token = new RegExp(`(?:^|; )${COOKIE}=([\\w.-]+)`).exec(headers.cookie)?.[1];
        if (token) headers.authorization = `Bearer ${token}`;
      }
      done();
    });
  },
  { name: 'queue-board-cookie' },
);

/** BullMQ's queues to look at, for administrators: bull-board, which may not change anything. */
export const queueBoardPlugin: FastifyPluginAsync<{ queues: Queues }> = async (app, { queues }) => {
  const adapter = new FastifyAdapter();
  createBullBoard({ queues: QUEUES.map((name) => new BullMQAdapter(queues[name], { readOnlyMode: true })), serverAdapter: adapter });
  adapter.setBasePath(PATH);
  await app.register(async (board) => {
    board.addHook('onRoute', (route) => {
      // bull-board registers its routes itself, with an error handler that tells what went wrong inside.
      route.config = { ...route.config, policy: 'admin' };
      route.errorHandler = (error, request, reply) => void sendProblem(error, request, reply);
    });
    board.addHook('onRequest', (_request, reply, done) => {
      void reply.headers({ 'content-security-policy': CONTENT_SECURITY_POLICY, 'cache-control': 'no-store' });
      done();
    });
    await board.register(adapter.registerPlugin(), { prefix: PATH });
  });

  app.post(
    '/v1/admin/queues/session',
    {
      config: { policy: 'admin' },
      schema: {
        operationId: 'openQueueBoard',
        summary: `Let this browser see ${PATH}`,
        description: 'Sets a cookie for that page alone, good for as long as the access token that asks for it.',
        tags: ['admin'],
        security: [{ accessToken: [] }],
        response: { 204: Type.Null({ description: 'The cookie is set' }), '4xx': Problem, '5xx': Problem },
      },
    },
    async (request, reply) => {
      const token = request.headers.authorization?.slice('bearer '.length).trim() ?? '';
      const seconds = Math.max(0, signedIn(request).exp - Math.floor(Date.now() / 1000));
      void reply.header('set-cookie', `${COOKIE}=${token}; Path=${PATH}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure(request)}`);
      return reply.code(204).send(null);
    },
  );
};

function secure({ protocol }: FastifyRequest): string {
  return protocol === 'https' ? '; Secure' : '';
}
