import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { searchPath } from '../config.ts';

/** Places that hold servers on Linux and macOS, and that an ordinary user's PATH may lack. */
const ALSO = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'];

/** The full path of a program, or undefined when there is none. */
export function onPath(name: string): string | undefined {
  return [...searchPath(), ...ALSO].map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
