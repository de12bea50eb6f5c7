import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { LifecycleState } from '@tenfold/runtime';
import { Type } from 'typebox';
import { Problem } from '../../plugins/problems.ts';

const Alive = Type.Object({ status: Type.Literal('ok') }, { description: 'The process lives', examples: [{ status: 'ok' }] });
const Ready = Type.Object({ status: Type.Enum(['ok', 'degraded']) }, { description: 'Send requests', examples: [{ status: 'ok' }] });
const NotReady = Type.Object(
  { status: Type.Enum(['booting', 'draining']) },
  { description: 'Send none', examples: [{ status: 'draining' }] },
);
const Dependencies = Type.Object(
  {
    redisCache: Type.Enum(['ok', 'down']),
    redisState: Type.Enum(['ok', 'down']),
    database: Type.Array(
      Type.Object({
        name: Type.String(),
        role: Type.Enum(['primary', 'replica', 'down']),
        lagSeconds: Type.Union([Type.Number(), Type.Null()], { description: 'At most; null where it is not known or does not apply' }),
      }),
    ),
  },
  {
    description: 'Per dependency',
    examples: [{ redisCache: 'ok', redisState: 'ok', database: [{ name: 'postgres-1', role: 'primary', lagSeconds: null }] }],
  },
);

export interface OpsOptions {
  state: () => LifecycleState;
  redisStateUp: () => boolean;
}

/** What a balancer or an orchestrator asks. Never refused for overload: a busy replica that seems dead makes the others busier. */
export const opsRoutes: FastifyPluginAsyncTypebox<OpsOptions> = async (app, { state, redisStateUp }) => {
  const degraded = () => !app.cache.available || !redisStateUp() || app.db.health().degraded;
  const config = { shedding: false, policy: 'public' } as const;

  app.get(
    '/health',
    {
      config,
      schema: { operationId: 'health', summary: 'Whether the process lives', tags: ['ops'], response: { 200: Alive, '4xx': Problem } },
    },
    async () => ({ status: 'ok' }) as const,
  );

  app.get(
    '/ready',
    {
      config,
      schema: {
        operationId: 'ready',
        summary: 'Whether to send requests here',
        description:
          '503 only while booting or draining. A lost dependency is lost to every replica alike: all leaving at once would help nobody.',
        tags: ['ops'],
        response: { 200: Ready, '4xx': Problem, 503: NotReady },
      },
    },
    async (_request, reply) => {
      const now = state();
      if (now !== 'ready') return reply.code(503).send({ status: now });
      return { status: degraded() ? 'degraded' : 'ok' } as const;
    },
  );

  app.get(
    '/v1/ops/dependencies',
    {
      config: { policy: 'staff' },
      schema: {
        operationId: 'listDependencies',
        summary: 'What this replica sees of its dependencies',
        tags: ['ops', 'staff'],
        security: [{ accessToken: [] }],
        response: { 200: Dependencies, '4xx': Problem },
      },
    },
    async () => ({
      redisCache: app.cache.available ? ('ok' as const) : ('down' as const),
      redisState: redisStateUp() ? ('ok' as const) : ('down' as const),
      database: app.db.health().servers,
    }),
  );
};
