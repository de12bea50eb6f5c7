import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { files, ROOT } from './repository.ts';

/**
 * Makes a second checkout of what is here now, with the packages that are installed here: links to them, except that the
 * workspace's own lead to the copy. What a reader does to a checkout can be done to it.
 */
export function copyCheckout(target: string): void {
  const tracked = files().filter((path) => existsSync(`${ROOT}${path}`));
  for (const path of tracked) cpSync(`${ROOT}${path}`, join(target, path), { recursive: true });
  const folders = new Set(['', ...tracked.filter((path) => path.endsWith('/package.json')).map((path) => dirname(path))]);
  for (const folder of folders) linkPackages(join(ROOT, folder, 'node_modules'), join(target, folder, 'node_modules'), target);
}

function linkPackages(from: string, to: string, target: string): void {
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.startsWith('@')) linkPackages(join(from, name), join(to, name), target);
    else if (!name.startsWith('.') || name === '.bin') symlinkSync(moved(realpathSync(join(from, name)), target), join(to, name));
  }
}

/** A folder of the workspace becomes that of the copy. */
function moved(path: string, target: string): string {
  return path.startsWith(ROOT) && !path.includes('/node_modules/') ? join(target, path.slice(ROOT.length)) : path;
}
