import { existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { LogOptions } from '../cluster.ts';

/** Milliseconds between two looks at a file that is followed. */
const EVERY = 200;
/** Where the last lines are looked for. */
const WINDOW = 256 * 1024;

/** The last lines of a file and, if wanted, those to come; a file that is cut (its content moved aside) starts again. */
export async function* tail(file: string, { lines, follow, signal }: LogOptions): AsyncIterable<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - WINDOW);
    const last = (await read(handle, start, size)).split('\n');
    const rest = last.pop() ?? '';
    if (start > 0) last.shift(); // begins in the middle of a line
    yield* last.slice(-lines);
    if (follow) yield* appended(handle, size, rest, () => signal?.aborted === true || !existsSync(file));
    else if (rest) yield rest;
  } finally {
    await handle.close();
  }
}

async function* appended(handle: FileHandle, from: number, begun: string, isOver: () => boolean): AsyncIterable<string> {
  let at = from;
  let rest = begun;
  while (!isOver()) {
    const { size } = await handle.stat();
    if (size < at) at = 0;
    const lines = (rest + (await read(handle, at, size))).split('\n');
    at = size;
    rest = lines.pop() ?? '';
    yield* lines;
    await wait(EVERY);
  }
}

async function read(handle: FileHandle, from: number, to: number): Promise<string> {
  if (to <= from) return '';
  const buffer = Buffer.alloc(to - from);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  return buffer.toString('utf8', 0, bytesRead);
}
