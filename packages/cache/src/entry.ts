import { parsePosition, type Position } from '@tenfold/runtime';

/** A cached value as text, with where it was read and until when it is good. Times are milliseconds of the epoch. */
export interface Entry {
  /** JSON. */
  text: string;
  /** The value includes everything that was committed up to here. */
  position: Position;
  freshUntil: number;
  /** Until here it may still be served when loading a new one fails or takes long. */
  staleUntil: number;
}

/** What a tier may hold under a key: an entry, or only the position below which none may be stored any more. */
export type Stored = Entry | { position: Position; text?: undefined };

const POSITION_DIGITS = 24;
const TIME_DIGITS = 13;

/** Position, fresh until, stale until, JSON, each of fixed width, so that Redis's Lua can compare the position alone. */
export function encode({ position, freshUntil, staleUntil, text }: Entry): string {
  return position + String(freshUntil).padStart(TIME_DIGITS, '0') + String(staleUntil).padStart(TIME_DIGITS, '0') + text;
}

/** @throws when the text is not one that `encode` made or a position alone. */
export function decode(raw: string): Stored {
  const position = parsePosition(copy(raw.slice(0, POSITION_DIGITS)));
  if (raw.length === POSITION_DIGITS) return { position };
  const freshUntil = Number(raw.slice(POSITION_DIGITS, POSITION_DIGITS + TIME_DIGITS));
  const staleUntil = Number(raw.slice(POSITION_DIGITS + TIME_DIGITS, POSITION_DIGITS + 2 * TIME_DIGITS));
  if (!Number.isInteger(freshUntil) || !Number.isInteger(staleUntil)) throw new Error('not a cache entry');
  return { position, freshUntil, staleUntil, text: raw.slice(POSITION_DIGITS + 2 * TIME_DIGITS) };
}

/** A slice keeps all of what it was cut from in memory, and a position may outlive its text by far. */
function copy(slice: string): string {
  return Buffer.from(slice).toString();
}
