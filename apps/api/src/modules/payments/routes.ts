import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Problem } from '../../plugins/problems.ts';
import { WebhookUnreadable } from './errors.ts';
import type { WebhookService } from './service.ts';

/** Bytes: events of providers are a few kilobytes. */
const BODY_LIMIT = 64 * 1024;

/** Where payment providers send their events. In a scope of its own: what is signed is the body's bytes, so nobody may parse it before. */
export const webhookRoutes: FastifyPluginAsyncTypebox<{ webhooks: WebhookService }> = async (app, { webhooks }) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.post(
    '/v1/payments/webhooks/:provider',
    {
      config: { policy: 'public' },
      bodyLimit: BODY_LIMIT,
      schema: {
        operationId: 'receivePaymentWebhook',
        summary: 'What a payment provider tells by itself',
        description: 'Signed by the provider, not older than five minutes. A repeat changes nothing.',
        tags: ['payments'],
        params: Type.Object({ provider: Type.String({ maxLength: 50 }) }, { additionalProperties: false }),
        response: { 204: Type.Null({ description: 'Heard' }), '4xx': Problem, '5xx': Problem },
      },
    },
    async (request, reply) => {
      const { body } = request;
      if (!Buffer.isBuffer(body)) throw new WebhookUnreadable('The webhook has no body.');
      const actor = { userId: null, requestId: request.id, replica: app.replicaName };
      await webhooks.receive(request.params.provider, body, request.headers, actor);
      return reply.code(204).send(null);
    },
  );
};
