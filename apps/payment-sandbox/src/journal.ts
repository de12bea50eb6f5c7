import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

export interface Journal<Entry> {
  /** Everything that was written before, in order. */
  readonly past: Entry[];
  /** Written when this returns: who is told of something can't find it forgotten. */
  write(entry: Entry): void;
}

/**
 * A file that only grows, a line of JSON an entry. The last line of a process that was killed may be half a line: it was
 * never acted on, and is cut off.
 */
export function openJournal<Entry>(folder: string, isEntry: (value: unknown) => value is Entry): Journal<Entry> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'charges.jsonl');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  const past = whole
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
  const strange = past.findIndex((entry) => !isEntry(entry));
  if (strange >= 0) throw new Error(`line ${strange + 1} of ${file} is not an entry of this sandbox`);
  return {
    past: past.filter(isEntry),
    write: (entry) => appendFileSync(file, `${JSON.stringify(entry)}\n`),
  };
}
