/**
 * Says which of the servers behind one name takes writes: `DATABASE_URL=… node packages/db/src/primary-url/main.ts`. Prints
 * DATABASE_URL with that server's address, for the commands that write and know one server: migrate, seed, accounts.
 */
import { readConfig } from '../config.ts';
import { findPrimary } from './find.ts';

/** After a promotion and a restart of everything a server takes over by itself, some ten seconds later. */
const PATIENCE = 60_000;

try {
  process.stdout.write(`${await findPrimary(readConfig().url, { patience: PATIENCE })}\n`);
} catch (error) {
  process.stderr.write(`primary-url: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
