import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The state directory: `.tenfold` in the checkout, or TENFOLD_DIR, so that a second cluster can run beside the first. */
export function stateDirectory(): string {
  const given = process.env['TENFOLD_DIR']?.trim();
  return given ? resolve(given) : resolve(ROOT, '.tenfold');
}

/** A short-lived place of this user's, for sockets. */
export function runtimeDirectory(): string {
  return process.env['XDG_RUNTIME_DIR']?.trim() || tmpdir();
}
