/**
 * A place in the database's write-ahead log: 8 hex digits of timeline, then 16 of LSN (byte offset). The parts have a
 * fixed width, so they compare as strings, in JavaScript and in Redis's Lua alike.
 */
export type Position = string & { readonly [brand]: true };
declare const brand: unique symbol;

const TIMELINE_DIGITS = 8;

/** @param lsn as Postgres prints it: `1A/2B3C4D5E`. @throws when it is none. */
export function position(timeline: number, lsn: string): Position {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(lsn);
  if (!match) throw new Error(`not an LSN: ${lsn}`);
  const [, high = '', low = ''] = match;
  return parsePosition(
    `${timeline.toString(16).padStart(TIMELINE_DIGITS, '0')}${high.padStart(8, '0')}${low.padStart(8, '0')}`.toUpperCase(),
  );
}

/** @throws when the text isn't 24 upper-case hex digits. */
export function parsePosition(text: string): Position {
  if (!isPosition(text)) throw new Error(`not a log position: ${text}`);
  return text;
}

function isPosition(text: string): text is Position {
  return /^[0-9A-F]{24}$/.test(text);
}

/**
 * Whether a state read at `a` includes everything that was committed at `b`.
 *
 * After a failover the log goes on from the fork under a higher timeline, so a higher timeline alone is not enough (its
 * follower may still be replaying from before the fork), nor is a higher LSN on the abandoned timeline.
 */
export function covers(a: Position, b: Position): boolean {
  return a.slice(0, TIMELINE_DIGITS) >= b.slice(0, TIMELINE_DIGITS) && a.slice(TIMELINE_DIGITS) >= b.slice(TIMELINE_DIGITS);
}
