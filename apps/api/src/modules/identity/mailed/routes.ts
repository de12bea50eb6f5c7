import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { signedIn } from '../../../plugins/identity.ts';
import { Problem } from '../../../plugins/problems.ts';
import { digest } from '../digest.ts';
import { toAddress } from '../service.ts';
import { ForgotPassword, ResetPassword, VerifyEmail } from './schemas.ts';
import type { MailedTokens } from './service.ts';

const problems = { '4xx': Problem, '5xx': Problem };

export const mailedTokenRoutes: FastifyPluginAsyncTypebox<{ mailed: MailedTokens }> = async (app, { mailed }) => {
  const tags = ['identity'];
  const before = { policy: 'public', signIn: true } as const;
  const whence = (request: FastifyRequest) => ({ requestId: request.id, replica: app.replicaName });

  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));

  app.post(
    '/v1/auth/forgot-password',
    {
      config: before,
      schema: {
        operationId: 'forgotPassword',
        summary: 'Mail a link to choose a new password with',
        description: 'The answer is the same whether or not there is such an account.',
        tags,
        body: ForgotPassword,
        response: { 202: Type.Null({ description: 'If there is such an account, a mail is on its way' }), ...problems },
      },
    },
    async (request, reply) => {
      const { email } = request.body;
      await app.rateLimits.account(request, reply, `mail:${digest(toAddress(email))}`);
      await mailed.forgotPassword(email);
      return reply.code(202).send(null);
    },
  );

  app.post(
    '/v1/auth/reset-password',
    {
      config: before,
      schema: {
        operationId: 'resetPassword',
        summary: 'Choose a new password, and end all sessions',
        tags,
        body: ResetPassword,
        response: { 204: Type.Null({ description: 'Sign in with it' }), ...problems },
      },
    },
    async (request, reply) => {
      await mailed.resetPassword(request.body.token, request.body.password, whence(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/auth/verification-mail',
    {
      config: { policy: 'user', signIn: true },
      schema: {
        operationId: 'sendVerificationMail',
        summary: 'Mail the link that verifies your address once more',
        description: 'At most three an hour are sent.',
        tags,
        security: [{ accessToken: [] }],
        response: { 202: Type.Null({ description: 'A mail is on its way, unless the address is verified' }), ...problems },
      },
    },
    async (request, reply) => {
      await mailed.verificationMail(signedIn(request).sub);
      return reply.code(202).send(null);
    },
  );

  app.post(
    '/v1/auth/verify-email',
    {
      config: before,
      schema: {
        operationId: 'verifyEmail',
        summary: 'Show that the mailbox is yours',
        tags,
        body: VerifyEmail,
        response: { 204: Type.Null({ description: 'It is' }), ...problems },
      },
    },
    async (request, reply) => {
      await mailed.verifyEmail(request.body.token, whence(request));
      return reply.code(204).send(null);
    },
  );
};
