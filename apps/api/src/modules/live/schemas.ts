import { Type } from 'typebox';
import { TICKET_LIFETIME } from './tickets.ts';

const strict = { additionalProperties: false };
const Position = Type.String({ pattern: '^[0-9]{1,15}-[0-9]{1,10}$', examples: ['1795252800000-0'] });

export const Ticket = Type.Object(
  {
    ticket: Type.String({ description: 'For the query of one `GET /v1/live`', examples: ['Zt9uJ0a2N1bqk4m8sXw3c5v7y9BzDfGhJkLmNpQrStU'] }),
    expiresIn: Type.Integer({ description: 'Seconds', examples: [TICKET_LIFETIME] }),
  },
  { title: 'LiveTicket' },
);

export const LiveQuery = Type.Object(
  {
    ticket: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{43}$',
        description: 'From `POST /v1/live/tickets`, where no Authorization header can be sent',
      }),
    ),
    lastEventId: Type.Optional({ ...Position, description: 'As the header Last-Event-ID, for clients that can not set it' }),
  },
  strict,
);

export const LiveHeaders = Type.Object({
  'last-event-id': Type.Optional({ ...Position, description: 'The `id` after which to go on, on whichever replica' }),
});

export const EventStream = {
  description: 'Events, until the stream ends',
  content: {
    'text/event-stream': {
      schema: Type.String({
        examples: [
          [
            'id: 1795252800000-0\nevent: ready\ndata: {}\n',
            'id: 1795252801234-0\nevent: order.paid\ndata: {"orderId":"019b7654-8c00-7abc-8def-0123456789ab","state":"paid","at":"2026-11-21T10:00:01.200Z"}\n',
          ].join('\n'),
        ],
      }),
    },
  },
};
