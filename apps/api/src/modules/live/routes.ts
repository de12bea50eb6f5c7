import type { Duplex } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import type { AccessClaims, Revocations } from '@tenfold/auth';
import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { signedIn } from '../../plugins/identity.ts';
import { endWithProblem, Problem, withField, withHeaders } from '../../plugins/problems.ts';
import { LiveUnavailable, NotAcceptable, TicketInvalid } from './errors.ts';
import { END_CODES } from './frames.ts';
import type { Hub } from './hub.ts';
import { EventStream, LiveHeaders, LiveQuery, Ticket } from './schemas.ts';
import { openSse } from './sse.ts';
import { TICKET_LIFETIME, type Tickets } from './tickets.ts';
import { openWebSocket } from './websocket.ts';

interface LiveRoutesOptions {
  hub: Hub;
  tickets: Tickets;
  revocations: Pick<Revocations, 'reasonAgainst'>;
}

export const liveRoutes: FastifyPluginAsyncTypebox<LiveRoutesOptions> = async (app, { hub, tickets, revocations }) => {
  const problems = { '4xx': Problem, '5xx': Problem };

  app.addHook('onReady', async () => hub.start());
  const replica = `X-Served-By: ${app.replicaName}`;
  await app.register(websocket, {
    // Clients say nothing, and what is sent is too short to be worth compressing.
    options: { maxPayload: 1024, perMessageDeflate: false, clientTracking: false },
    preClose: (done) => {
      hub.close();
      done();
    },
    errorHandler: () => undefined, // a peer that breaks the protocol: ws closes with the code for it
  });

  // An upgrade that was refused has left its socket to nobody.
  app.addHook('onResponse', async ({ headers, raw }) => {
    if (headers.upgrade !== undefined) raw.socket.destroySoon();
  });
  app.websocketServer.on('headers', (headers: string[]) => headers.push(replica));
  app.websocketServer.on('wsClientError', (error: Error, socket: Duplex) => {
    socket.once('finish', () => socket.destroy());
    endWithProblem(socket, 400, error.message, { 'sec-websocket-version': '13' });
  });

  app.post(
    '/v1/live/tickets',
    {
      config: { policy: 'user' },
      schema: {
        operationId: 'createLiveTicket',
        summary: 'A ticket for one live stream',
        description: `Good once, for ${TICKET_LIFETIME} s: for browsers, whose WebSocket and EventSource can't send an access token.`,
        tags: ['live'],
        security: [{ accessToken: [] }],
        response: { 201: Ticket, ...problems },
      },
    },
    async (request, reply) => {
      const ticket = await reachable(tickets.issue(signedIn(request)));
      return reply.code(201).header('cache-control', 'no-store').send({ ticket, expiresIn: TICKET_LIFETIME });
    },
  );

  app.decorateRequest('liveClaims', null);
  app.route({
    method: 'GET',
    url: '/v1/live',
    exposeHeadRoute: false,
    config: { policy: 'anyone', stream: true }, // a ticket is asked for below
    schema: {
      operationId: 'openLiveStream',
      summary: 'Changes of your orders as they happen',
      description: DESCRIPTION,
      tags: ['live'],
      security: [{ accessToken: [] }, {}],
      headers: LiveHeaders,
      querystring: LiveQuery,
      response: { 200: EventStream, ...problems },
    },
    async preHandler(request) {
      if (!request.ws && !/text\/event-stream/i.test(request.headers.accept ?? '')) throw new NotAcceptable();
      const { ticket } = request.query;
      hub.checkRoom(); // first: a ticket that was shown is used, and another replica may have room
      const claims = ticket === undefined ? signedIn(request) : await redeem(ticket);
      hub.checkRoomFor(claims);
      request.liveClaims = claims;
    },
    handler(request, reply): void {
      const stream = hub.open(
        'sse',
        openSse(request, reply, () => stream.closed()),
        claimsOf(request),
        positionOf(request),
      );
    },
    wsHandler(socket, request) {
      const wire = openWebSocket(socket, { closed: () => stream.closed(), message: () => stream.end('unexpected_message') });
      const stream = hub.open('websocket', wire, claimsOf(request), positionOf(request));
    },
  });

  async function redeem(ticket: string): Promise<AccessClaims> {
    const claims = await reachable(tickets.redeem(ticket));
    if (!claims || claims.exp * 1000 <= Date.now() || revocations.reasonAgainst(claims)) {
      throw withField(new TicketInvalid(), 'ticket', 'is unknown, was used, or is too old');
    }
    return claims;
  }
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose stream this is, by token or by ticket. */
    liveClaims: AccessClaims | null;
  }
}

const DESCRIPTION = `A WebSocket, or Server-Sent Events for \`Accept: text/event-stream\`. The same either way; over a WebSocket a frame is a text message \`{ id, event, data }\`.

The first frame is \`ready\`. Then come \`order.placed\`, \`order.paid\`, \`order.payment_failed\`, \`order.cancelled\`, \`order.expired\`, \`order.fulfilled\` and \`order.refunded\`, each with \`data\` \`{ orderId, state, at, reason? }\`, in order and each once.

To go on after an interruption, open another stream with the last \`id\`, on any replica. When what followed it is no longer known, the first frame is \`reset\` (it may also come later): read \`/v1/orders\` again and go on from its \`id\`.

The last frame is \`end\` with \`{ reason, retry }\`: come back after \`retry\` milliseconds with a new ticket. Reasons, with the close code of a WebSocket: ${Object.entries(
  END_CODES,
)
  .map(([reason, code]) => `\`${reason}\` (${code})`)
  .join(', ')}. After \`token_expired\` refresh the token first, after \`token_revoked\` sign in.`;

function claimsOf({ liveClaims }: FastifyRequest): AccessClaims {
  if (!liveClaims) throw new Error("the stream is nobody's");
  return liveClaims;
}

/** The header is what EventSource sends when it comes back by itself, newer than what is in its URL. */
function positionOf({ headers, query }: { headers: Static<typeof LiveHeaders>; query: Static<typeof LiveQuery> }): string | undefined {
  return headers['last-event-id'] ?? query.lastEventId;
}

/** @throws LiveUnavailable when redis-state does not answer. */
async function reachable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch {
    throw withHeaders(new LiveUnavailable(), { 'retry-after': '1' });
  }
}
