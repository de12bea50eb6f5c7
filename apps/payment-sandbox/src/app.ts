import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { SandboxCharge } from '@tenfold/payments';
import type { Logger } from '@tenfold/runtime';
import Fastify, { type FastifyReply, LogController } from 'fastify';
import { Type } from 'typebox';
import { type Charges, METHODS, type Outcome } from './charges.ts';
import type { Ledger } from './ledger.ts';

const Body = Type.Pick(SandboxCharge, ['key', 'amount', 'currency', 'method', 'reference'], { additionalProperties: false });
const Params = Type.Object({ key: Type.String({ minLength: 1, maxLength: 100 }) });

/** The HTTP side of the sandbox: a charge is a resource under its idempotency key. */
export function buildApp(ledger: Ledger, charges: Charges, logger: Logger) {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/methods', async () => METHODS);
  app.get('/charges', async () => ({ items: ledger.all() }));
  app.get('/charges/:key', { schema: { params: Params } }, async (request, reply) => {
    const charge = ledger.get(request.params.key);
    return charge ?? reply.code(404).send({ error: 'there is no such charge' });
  });
  app.put('/charges/:key', { schema: { params: Params, body: Body } }, async (request, reply) =>
    answer(reply, await charges.charge({ ...request.body, key: request.params.key })),
  );
  app.put('/charges/:key/cancel', { schema: { params: Params, body: Body } }, async (request, reply) =>
    answer(reply, charges.cancel({ ...request.body, key: request.params.key })),
  );
  app.put('/charges/:key/refund', { schema: { params: Params, body: Body } }, async (request, reply) => {
    const outcome = charges.refund({ ...request.body, key: request.params.key });
    return outcome ? answer(reply, outcome) : reply.code(409).send({ error: 'there is no money to give back' });
  });
  return app;
}

function answer(reply: FastifyReply, outcome: Outcome) {
  if ('charge' in outcome) return reply.send(outcome.charge);
  if ('failed' in outcome) return reply.code(503).send({ error: 'out of order, as was asked for' });
  if ('mismatch' in outcome) return reply.code(422).send({ error: 'this key was used for another amount' });
  reply.hijack();
  return reply.raw.destroy();
}
