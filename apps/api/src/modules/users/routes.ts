import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Problem } from '../../plugins/problems.ts';
import { actorOf } from '../audit/actor.ts';
import { Account, AccountList, AccountParams, ChangeAccount, ListAccounts } from './schemas.ts';
import type { Users } from './service.ts';

export const usersRoutes: FastifyPluginAsyncTypebox<{ users: Users }> = async (app, { users }) => {
  const shared = { tags: ['admin'], security: [{ accessToken: [] }] };
  const config = { policy: 'admin' } as const;

  app.get(
    '/v1/admin/users',
    {
      config,
      schema: {
        ...shared,
        operationId: 'listUsers',
        summary: 'All accounts, page by page',
        querystring: ListAccounts,
        response: { 200: AccountList, '4xx': Problem, '5xx': Problem },
      },
    },
    (request) => users.list(request.query),
  );

  app.patch(
    '/v1/admin/users/:id',
    {
      config,
      schema: {
        ...shared,
        operationId: 'changeUser',
        summary: "Change an account's role, close or open it",
        params: AccountParams,
        body: ChangeAccount,
        response: { 200: Account, '4xx': Problem, '5xx': Problem },
      },
    },
    (request) => users.change(actorOf(request), request.params.id, request.body),
  );
};
