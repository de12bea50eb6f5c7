import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

const WINDOW = 16 * 1024;

/** Bytes of a file; 0 when there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * The last line that a process wrote since its log had `since` bytes, without the frame that its logger put around it;
 * empty when it said nothing.
 */
export function lastLineSince(file: string, since: number): string {
  const text = readTail(file, since);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const plain = lines.findLast((line) => !line.startsWith('{') && !/^\s+at |^Node\.js v|^\s*[}\]]/.test(line));
  return messageOf(plain ?? lines.at(-1) ?? '').slice(0, 300);
}

/** `{"level":"fatal","msg":"no such host"}` says "no such host"; Postgres and Redis put time and process first. */
function messageOf(line: string): string {
  if (line.startsWith('{')) {
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry === 'object' && entry !== null && 'msg' in entry) return String(entry.msg);
    } catch {
      return line; // cut off in the middle
    }
  }
  return line.replace(/^[\d: .,A-Za-z+-]*\[\d+\]\s*/, '').trim();
}

function readTail(file: string, since: number): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { size } = fstatSync(descriptor);
    const from = Math.max(size < since ? 0 : since, size - WINDOW);
    const buffer = Buffer.alloc(size - from);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, from));
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
