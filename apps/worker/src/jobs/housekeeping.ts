import type { Sql } from '@tenfold/db';
import { forgetOldKeys } from '@tenfold/orders';
import type { JobContext } from './context.ts';

/** Rows that one statement deletes: many short ones hold up nobody. */
const BATCH = 1000;

const OLD_OUTBOX = `
  DELETE FROM outbox o USING (
    SELECT user_id, id FROM outbox WHERE done_at < now() - interval '1 day' ORDER BY done_at LIMIT ${BATCH}
  ) old WHERE o.user_id = old.user_id AND o.id = old.id RETURNING o.id`;

/** A session ends seven days after its last use; a week later nobody asks any more why. */
const OLD_SESSIONS = `
  DELETE FROM sessions s USING (
    SELECT user_id, id FROM sessions WHERE last_used_at < now() - interval '14 days' ORDER BY last_used_at LIMIT ${BATCH}
  ) old WHERE s.user_id = old.user_id AND s.id = old.id RETURNING s.id`;

const OLD_MAIL_TOKENS = `
  DELETE FROM mail_tokens t USING (
    SELECT user_id, id FROM mail_tokens WHERE expires_at < now() - interval '1 day' LIMIT ${BATCH}
  ) old WHERE t.user_id = old.user_id AND t.id = old.id RETURNING t.id`;

const OLD_DEAD_LETTERS = `
  DELETE FROM dead_letters d USING (
    SELECT user_id, id FROM dead_letters WHERE replayed_at < now() - interval '30 days' LIMIT ${BATCH}
  ) old WHERE d.user_id = old.user_id AND d.id = old.id RETURNING d.id`;

/** What nobody needs any more is deleted, little by little. */
export function createHousekeeping({ db, logger }: Pick<JobContext, 'db' | 'logger'>) {
  const sql = db.primary;
  const clear = (what: string, statement: string) => async (signal: AbortSignal) => {
    const total = await repeat(signal, async () => (await sql.query(statement)).length);
    if (total > 0) logger.info({ what, rows: total }, 'cleared');
  };
  return {
    'forget-keys': async (signal: AbortSignal) => void (await repeat(signal, () => forgetKeys(sql))),
    'clear-outbox': clear('outbox', OLD_OUTBOX),
    'clear-sessions': clear('sessions', OLD_SESSIONS),
    'clear-mail-tokens': clear('mail tokens', OLD_MAIL_TOKENS),
    'clear-dead-letters': clear('dead letters', OLD_DEAD_LETTERS),
  };
}

const forgetKeys = (sql: Sql) => forgetOldKeys(sql, BATCH);

/** Until a batch is not full. @returns how many rows there were. */
async function repeat(signal: AbortSignal, deleteBatch: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let count = BATCH; count === BATCH && !signal.aborted; total += count) count = await deleteBatch();
  return total;
}
