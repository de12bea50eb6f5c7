import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The state directory: `.tenfold` in the checkout, or TENFOLD_DIR, so that a second cluster can run beside the first. */
export function stateDirectory(): string {
  const given = process.env['TENFOLD_DIR']?.trim();
  return given ? resolve(given) : resolve(ROOT, '.tenfold');
}

/** A short-lived place of this user's, for sockets. */
export function runtimeDirectory(): string {
  return process.env['XDG_RUNTIME_DIR']?.trim() || tmpdir();
}

/** The Compose project that commands are about, by the variable that docker compose itself goes by. */
export function composeProject(): string {
  return process.env['COMPOSE_PROJECT_NAME']?.trim() || 'tenfold';
}

/** The whole environment of docker commands: DOCKER_HOST and what docker-compose.yml asks for are the person's. */
export function composeEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}
