import type { Sql } from '@tenfold/db';
import { EVENTS, type OutboxEvent, parseEvent } from './events.ts';

/**
 * Writes an event in the caller's transaction: it is published if and only if that commits. Call the hint's `wake()`
 * afterwards, or it waits for the relay's next poll.
 *
 * @param userId whose event it is: the outbox is distributed by it.
 * @returns the event's id, which time-orders it.
 * @throws when the payload is not what the contract says.
 */
export async function writeOutbox(tx: Sql, userId: string, event: OutboxEvent): Promise<string> {
  const { version, effects } = EVENTS[event.topic];
  parseEvent(event.topic, version, event.payload);
  const [row] = await tx.query<{ id: string }>(
    'INSERT INTO outbox (user_id, topic, version, payload, pending) VALUES ($1, $2, $3, $4, $5) RETURNING id',
    [userId, event.topic, version, JSON.stringify(event.payload), effects],
  );
  if (!row) throw new Error('INSERT … RETURNING gave no row');
  return row.id;
}
