/** Adds a signing key, and removes those that nothing was signed with any more. Running replicas notice within a second. */
import { rotateKeys } from '../keys.ts';
import { readConfig } from './config.ts';

try {
  const { JWT_KEYS_DIR, ACCESS_TOKEN_LIFETIME } = readConfig();
  const kid = await rotateKeys(JWT_KEYS_DIR, ACCESS_TOKEN_LIFETIME * 1000);
  process.stdout.write(`${kid}\n`);
} catch (error) {
  process.stderr.write(`tenfold rotate-keys: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
