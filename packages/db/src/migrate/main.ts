/**
 * Brings the database up to date: `DATABASE_URL=… node packages/db/src/migrate/main.ts`.
 *
 * `prisma migrate deploy` takes 1.5 s of CPU to find that there is nothing to do; asking its own table first takes 50 ms,
 * and that is what every start but the first needs.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '@tenfold/runtime';
import pg from 'pg';
import { readConfig } from '../config.ts';

/** Undefined table, no such database: Prisma makes both. */
const NOTHING_YET = new Set(['42P01', '3D000']);
const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

try {
  const { url, environment } = readConfig();
  const pending = await pendingMigrations(url);
  if (pending.length > 0) deploy(environment);
  process.stdout.write(pending.length > 0 ? `applied ${pending.length} migrations\n` : 'no migration is pending\n');
} catch (error) {
  process.stderr.write(`migrate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function pendingMigrations(url: string): Promise<string[]> {
  const migrations = readdirSync(new URL('../../prisma/migrations', import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const applied = await appliedMigrations(url);
  return migrations.filter((name) => !applied.has(name));
}

async function appliedMigrations(url: string): Promise<Set<string>> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    );
    return new Set(rows.map(({ name }) => name));
  } catch (error) {
    if (error instanceof pg.DatabaseError && NOTHING_YET.has(error.code ?? '')) return new Set();
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function deploy(environment: Environment) {
  const prisma = `${packageRoot}node_modules/.bin/prisma`;
  const { status, stdout, stderr, error } = spawnSync(prisma, ['migrate', 'deploy'], {
    cwd: packageRoot,
    // The CLI runs the schema engine as `node`, which has to be this one: it is TypeScript.
    env: { ...environment, PATH: `${dirname(process.execPath)}${delimiter}${environment.PATH ?? ''}` },
    encoding: 'utf8',
  });
  if (error) throw new Error(`the Prisma CLI did not start: ${error.message}`);
  if (status !== 0) throw new Error(`prisma migrate deploy failed:\n${stdout}\n${stderr}`);
}
