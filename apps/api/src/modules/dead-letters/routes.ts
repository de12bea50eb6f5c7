import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Problem } from '../../plugins/problems.ts';
import { actorOf } from '../audit/actor.ts';
import { DeadLetterList, DeadLetterParams, DeadLetterQuery } from './schemas.ts';
import type { DeadLetters } from './service.ts';

const problems = { '4xx': Problem, '5xx': Problem };
const shared = { tags: ['staff'], security: [{ accessToken: [] }] };

export const deadLetterRoutes: FastifyPluginAsyncTypebox<{ deadLetters: DeadLetters }> = async (app, { deadLetters }) => {
  const config = { policy: 'staff' } as const;

  app.get(
    '/v1/admin/dead-letters',
    {
      config,
      schema: {
        operationId: 'listDeadLetters',
        summary: 'Work that failed for good, newest first',
        ...shared,
        querystring: DeadLetterQuery,
        response: { 200: DeadLetterList, ...problems },
      },
    },
    async (request, reply) => {
      const { limit, cursor, replayed } = request.query;
      void reply.header('cache-control', 'no-store');
      return deadLetters.list(limit, cursor, replayed);
    },
  );

  app.post(
    '/v1/admin/dead-letters/:id/replay',
    {
      config,
      schema: {
        operationId: 'replayDeadLetter',
        summary: 'Try it again',
        description: 'Once a letter: what fails again becomes another.',
        ...shared,
        params: DeadLetterParams,
        response: { 202: Type.Null({ description: 'It is on its way' }), ...problems },
      },
    },
    async (request, reply) => {
      await deadLetters.replay(request.params.id, actorOf(request));
      return reply.code(202).send(null);
    },
  );
};
