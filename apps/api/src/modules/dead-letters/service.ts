import { type Db, recordAudit } from '@tenfold/db';
import { type DeadLetter as Letter, listDeadLetters, type OutboxHint, replayDeadLetter } from '@tenfold/queue';
import type { Actor } from '../audit/actor.ts';
import { AlreadyReplayed, DeadLetterNotFound } from './errors.ts';
import { type DeadLetter, parseId } from './schemas.ts';

/** What failed for good, for staff to look at and to try again. */
export function createDeadLetters(db: Db, hint: OutboxHint) {
  return {
    async list(limit: number, cursor: string | undefined, replayed: boolean) {
      const letters = await listDeadLetters(db.primary, { limit: limit + 1, replayed, ...(cursor && { before: cursor }) });
      const page = letters.slice(0, limit);
      return { items: page.map(toResource), nextCursor: letters.length > limit ? (page.at(-1)?.id ?? null) : null };
    },

    /** @throws DeadLetterNotFound, AlreadyReplayed */
    async replay(given: string, actor: Actor): Promise<void> {
      const key = parseId(given);
      if (!key) throw new DeadLetterNotFound();
      await db.primary.transaction(async (tx) => {
        if (!(await replayDeadLetter(tx, key.userId, key.id, actor.userId))) {
          const known = await tx.query('SELECT 1 FROM dead_letters WHERE user_id = $1 AND id = $2', [key.userId, key.id]);
          throw known.length > 0 ? new AlreadyReplayed() : new DeadLetterNotFound();
        }
        await recordAudit(tx, { ...actor, action: 'dead_letter.replayed', subject: `dead_letter:${given}` });
      });
      hint.wake();
    },
  };
}
export type DeadLetters = ReturnType<typeof createDeadLetters>;

function toResource({ userId, id, ...letter }: Letter): DeadLetter {
  return { id: `${userId}.${id}`, ...letter };
}
