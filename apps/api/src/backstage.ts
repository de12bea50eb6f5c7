import type { Db } from '@tenfold/db';
import type { Webhooks } from '@tenfold/payments';
import { createQueues, type OutboxHint } from '@tenfold/queue';
import type { FastifyPluginAsync } from 'fastify';
import type { Redis } from 'ioredis';
import { deadLetterRoutes } from './modules/dead-letters/routes.ts';
import { createDeadLetters } from './modules/dead-letters/service.ts';
import type { Availability } from './modules/orders/availability.ts';
import { webhookRoutes } from './modules/payments/routes.ts';
import { createWebhookService } from './modules/payments/service.ts';
import { queueBoardPlugin } from './plugins/queue-board.ts';

interface BackstageOptions {
  db: Db;
  redisState: Redis;
  webhooks: Webhooks | undefined;
  hint: OutboxHint;
  availability: Availability;
}

/** What goes on behind the counter: payment providers that call back, work that failed, and the queues to look at. */
export const backstageRoutes: FastifyPluginAsync<BackstageOptions> = async (app, { db, redisState, webhooks, hint, availability }) => {
  const onSettled = (refilled: readonly string[]) => {
    hint.wake();
    availability.refilled(refilled);
  };
  const queues = createQueues(redisState);
  app.addHook('onClose', () => queues.close());
  await app.register(webhookRoutes, { webhooks: createWebhookService({ db, webhooks, onSettled }) });
  await app.register(deadLetterRoutes, { deadLetters: createDeadLetters(db, hint) });
  await app.register(queueBoardPlugin, { queues });
};
