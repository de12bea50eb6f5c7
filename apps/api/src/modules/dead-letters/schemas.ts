import { type Static, Type } from 'typebox';

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ID = '019b7654-8c00-7abc-8def-0123456789ab';
const Timestamp = Type.String({ format: 'date-time', examples: ['2026-01-01T00:00:00.000Z'] });

export const DeadLetter = Type.Object(
  {
    id: Type.String({ description: 'Of its user and of itself', examples: [`${ID}.${ID}`] }),
    eventId: Type.String({ examples: [ID] }),
    topic: Type.String({ examples: ['order.paid'] }),
    effect: Type.String({ description: 'What did not take place', examples: ['receipt'] }),
    payload: Type.Unknown({ description: 'Of the event', examples: [{ orderId: ID }] }),
    error: Type.String({ examples: ['the mail server refused the address'] }),
    attempts: Type.Integer({ examples: [8] }),
    failedAt: Timestamp,
    replayedAt: Type.Union([Timestamp, Type.Null()]),
  },
  { title: 'DeadLetter' },
);
export type DeadLetter = Static<typeof DeadLetter>;

export const DeadLetterList = Type.Object(
  {
    items: Type.Array(DeadLetter),
    nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'For the page after this one', examples: [ID] }),
  },
  { title: 'DeadLetterList' },
);

export const DeadLetterQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
    cursor: Type.Optional(Type.String({ pattern: `^${UUID}$` })),
    replayed: Type.Boolean({ default: false, description: 'Show those too that were replayed' }),
  },
  { additionalProperties: false },
);

export const DeadLetterParams = Type.Object({ id: Type.String({ maxLength: 100 }) }, { additionalProperties: false });

const DOTTED = new RegExp(`^(${UUID})\\.(${UUID})$`);

export function parseId(id: string): { userId: string; id: string } | undefined {
  const match = DOTTED.exec(id);
  const [userId, own] = match ? match[0].split('.') : [];
  return userId && own ? { userId, id: own } : undefined;
}
