import createError from '@fastify/error';

export const NotAcceptable = createError(
  'NOT_ACCEPTABLE',
  'This address answers as text/event-stream or as a WebSocket: ask for one of the two',
  406,
);
export const TicketInvalid = createError('TICKET_INVALID', 'The ticket is unknown, was used, or is too old: get a new one', 401);
export const LiveUnavailable = createError(
  'LIVE_UNAVAILABLE',
  'Live updates are out of reach for the moment. Orders can be read as ever.',
  503,
);
export const TooManyStreams = createError('TOO_MANY_STREAMS', 'This account has %d streams open here, which is all it may have', 429);
export const LiveFull = createError('LIVE_FULL', 'This replica has as many streams open as it may', 503);
export const LiveDraining = createError('LIVE_DRAINING', 'This replica is about to end: another one takes the stream', 503);
