import { createHash } from 'node:crypto';
import pg from 'pg';

/** One prepared statement at a time; rows come back as plain objects. */
export interface Sql {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** What a statement runs on: a connection, in a transaction or not. */
export interface Runner {
  query(config: pg.QueryConfig): Promise<pg.QueryResult>;
}

const names = new Map<string, string>();

/**
 * A statement's name decides that it is prepared once a connection and planned seldom. It is made from the text, so
 * that two processes behind one PgBouncer mean the same statement by the same name.
 */
export function statementName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `t_${createHash('sha1').update(text).digest('base64url').slice(0, 20)}`;
    names.set(text, name);
  }
  return name;
}

/**
 * Postgres's bigint as a number (all of ours are below 2^53), and its timestamps as ISO 8601 text: JSON wants text, and
 * making a Date of each first costs more than the rest of the row.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (oid === pg.types.builtins.INT8) return Number;
    if (oid === pg.types.builtins.TIMESTAMPTZ) return isoTimestamp;
    return pg.types.getTypeParser(oid, format);
  },
};

/** `2026-01-31 12:00:00.25+00` (a session in UTC) as `2026-01-31T12:00:00.250Z`. */
export function isoTimestamp(text: string): string {
  const fraction = text.slice(19, -3).slice(1, 4);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(3, '0')}Z`;
}

/** Runs one statement, prepared under its name. */
export async function run<Row extends object>(runner: Runner, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const { rows } = await runner.query({ name: statementName(text), text, values: [...values], types });
  return rows;
}
