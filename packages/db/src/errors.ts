import pg from 'pg';

/** No database that may answer is reachable; the client should come back a little later. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** Every connection of the pool stayed busy for as long as a request may wait for one: the process has more work than database. */
export class PoolExhausted extends Error {
  override readonly name = 'PoolExhausted';
}

/** https://www.postgresql.org/docs/18/errcodes-appendix.html: connection exceptions, and a server that shuts down or isn't up yet. */
const CONNECTION_CODES = /^(08...|57P0[1-5]|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;

/** The messages of pg, which has no codes for them. */
const CONNECTION_MESSAGES = /^(Connection terminated|Query read timeout|timeout expired|Client has encountered a connection error)/;

/** Prisma's: can't reach, timed out, connection closed. */
const PRISMA_CODES = /^P(1001|1002|1008|1017)$/;

/** Whether the server or the way to it failed, rather than the statement: the same read may succeed elsewhere. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (CONNECTION_CODES.test(code) || PRISMA_CODES.test(code)) return true;
  return !(error instanceof pg.DatabaseError) && CONNECTION_MESSAGES.test(error.message);
}

/**
 * Whether the server didn't answer in time, as opposed to: it refused or broke off. That may be our own fault, so it says
 * nothing about the server; the next poll does.
 */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && /time-?out|timed out/i.test(error.message);
}

/** A replica ended the read because what it has to replay removes what the read looks at. It may well succeed elsewhere. */
export function isRecoveryConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '40001' || error.code === 'P2034');
}
