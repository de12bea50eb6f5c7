import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { engineSetup } from './engine.config.ts';

/** Where a script may be, beside the checkout, that gives a machine without a registry an engine and the base images. */
const BESIDE = fileURLToPath(new URL('../../../../../shared/offline-images/setup', import.meta.url));
/** What that script is asked for: the images that the Dockerfile begins with. */
const IMAGES = { node: 'node:24-slim', nginx: 'nginx:1.30', postgres: 'postgres:18', redis: 'redis:8' };

const succeeds = (...args: string[]) => spawnSync('docker', args, { stdio: 'ignore' }).status === 0;
const isRunning = () => succeeds('info') && succeeds('compose', 'version');

/** Whether containers can be run here, after having tried to make it so. */
export function hasEngine(): boolean {
  const setup = engineSetup() ?? BESIDE;
  const isWhole = isRunning() && Object.values(IMAGES).every((image) => succeeds('image', 'inspect', image));
  if (!isWhole && existsSync(setup) && process.getuid?.() === 0) {
    spawnSync(setup, Object.keys(IMAGES), { stdio: ['ignore', 2, 2] });
  }
  return isRunning();
}
