import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** TENFOLD_K6: the k6 to use, whatever is on PATH. */
export function chosenK6(): string | undefined {
  return process.env['TENFOLD_K6']?.trim() || undefined;
}

/** Where programs are looked for. */
export function searchPath(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
}

/** Where a k6 that was built here stays, for all checkouts. */
export function toolsCache(): string {
  return join(process.env['XDG_CACHE_HOME']?.trim() || join(homedir(), '.cache'), 'tenfold');
}

/** The environment of k6 and go: ours, and some more. */
export function childEnv(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}
