/**
 * Brings the database up to date: `DATABASE_URL=… node packages/db/src/migrate/main.ts`.
 *
 * What `prisma migrate deploy` does, by the same engine and with the same records, without the CLI around it (600 MB of
 * packages, 1.5 s of CPU to find that there is nothing to do). Prisma's own table is asked first: that takes 50 ms, and
 * is what every start but the first needs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { readConfig } from '../config.ts';
import { connectionFields, runCliCommand } from '../schema-engine/connection.ts';
import { startEngine } from '../schema-engine/engine.ts';
import { inTurn } from './turn.ts';

/** Undefined table, no such database: both are made. */
const NO_TABLE = '42P01';
const NO_DATABASE = '3D000';
/** Prisma's code: another process made it meanwhile. */
const EXISTS = 'P1009';
/** Milliseconds for which another process may be at it. */
const PATIENCE = 600_000;
const folder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

try {
  const { url } = readConfig();
  const pending = await pendingMigrations(url);
  const applied = pending.length > 0 ? await inTurn(url, { patience: PATIENCE, waiting }, () => apply(url)) : [];
  process.stdout.write(applied.length > 0 ? `applied ${applied.length} migrations\n` : 'no migration is pending\n');
} catch (error) {
  process.stderr.write(`migrate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit(); // the engine's connections would stay open for another ten seconds

function waiting(): void {
  process.stdout.write('another migration is under way: waiting\n');
}

function migrationNames(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

async function pendingMigrations(url: string): Promise<string[]> {
  const applied = await appliedMigrations(url);
  return migrationNames().filter((name) => !applied.has(name));
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
    const code = error instanceof pg.DatabaseError ? error.code : undefined;
    if (code === NO_DATABASE) await createDatabase(url);
    if (code === NO_DATABASE || code === NO_TABLE) return new Set();
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(url: string): Promise<void> {
  const failure = await runCliCommand('create-database', connectionFields(url));
  if (failure && failure.error_code !== EXISTS) throw new Error(failure.message);
}

/** Looks again what is pending. @returns the names of those that were applied. @throws with the database's words about the statement that failed. */
async function apply(url: string): Promise<string[]> {
  const engine = await startEngine(connectionFields(url));
  const { appliedMigrationNames } = await engine.applyMigrations({
    migrationsList: {
      baseDir: folder,
      lockfile: { path: 'migration_lock.toml', content: readFileSync(`${folder}/migration_lock.toml`, 'utf8') },
      shadowDbInitScript: '',
      migrationDirectories: migrationNames().map((name) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: readFileSync(`${folder}/${name}/migration.sql`, 'utf8') } },
      })),
    },
    filters: { externalTables: [], externalEnums: [] },
  });
  return appliedMigrationNames;
}
