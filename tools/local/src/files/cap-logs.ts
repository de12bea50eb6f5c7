import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';

const LARGEST = 50 * 1024 ** 2;
const EVERY = 10_000;

/**
 * Keeps the logs of a folder from filling the disk, until the signal aborts: one that has grown past 50 MiB is copied to
 * `NAME.log.old` and emptied. All writers append, so they go on at the new end; a line written between copy and cut is lost.
 */
export function capLogs(folder: string, signal: AbortSignal, largest = LARGEST, every = EVERY): void {
  const timer = setInterval(() => {
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.log')) capLog(join(folder, name), largest);
    }
  }, every);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

function capLog(file: string, largest: number): void {
  let descriptor: number | undefined;
  try {
    const target = linkTarget(file) ?? file; // the edge's access log is a link to where nginx may write
    descriptor = openSync(target, constants.O_RDWR | constants.O_NOFOLLOW);
    if (fstatSync(descriptor).size <= largest) return;
    keepOld(target, `${file}.old`);
    ftruncateSync(descriptor, 0);
  } catch {
    // Gone meanwhile, or no log at all.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** On a full disk there is no room for the copy; then what matters is to make room. */
function keepOld(file: string, old: string): void {
  try {
    copyFileSync(file, old, constants.COPYFILE_FICLONE);
  } catch {
    rmSync(old, { force: true });
  }
}

function linkTarget(file: string): string | undefined {
  return lstatSync(file).isSymbolicLink() ? readlinkSync(file) : undefined;
}
