import createError from '@fastify/error';
import { type ConsistencyTokens } from '@tenfold/db';
import type { Position } from '@tenfold/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { withField } from './problems.ts';

const HEADER = 'consistency-token';
const InvalidConsistencyToken = createError(
  'INVALID_CONSISTENCY_TOKEN',
  'The Consistency-Token header is not one that this service issued',
  400,
);

/** Read-your-writes for clients: a write answers with a token, and a read that carries it sees at least that write. */
interface Consistency {
  /** What the request's token asks for; undefined without one. @throws InvalidConsistencyToken */
  requested(request: FastifyRequest): Position | undefined;
  issue(reply: FastifyReply, position: Position): void;
}

declare module 'fastify' {
  interface FastifyInstance {
    consistency: Consistency;
  }
}

export const consistencyPlugin = fp<{ tokens: ConsistencyTokens }>(
  async (app, { tokens }) => {
    app.decorate('consistency', {
      requested({ headers }) {
        const token = headers[HEADER];
        if (token === undefined) return undefined;
        const position = typeof token === 'string' ? tokens.verify(token) : undefined;
        if (!position) throw withField(new InvalidConsistencyToken(), 'Consistency-Token', 'was not issued by this service');
        return position;
      },
      issue(reply, position) {
        void reply.header(HEADER, tokens.issue(position));
      },
    } satisfies Consistency);
  },
  { name: 'consistency' },
);
