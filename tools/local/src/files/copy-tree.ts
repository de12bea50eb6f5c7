import { chmod, chown, constants, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Account } from '../process/launch.ts';

interface CopyOptions {
  /** Paths relative to the source, with `/`, that are left out. For a folder: with all that it holds. */
  skip?: (path: string) => boolean;
  /** Who owns the copy. */
  account?: Account | undefined;
  /** Lets everyone read the copy, whatever the mode of the original. */
  readable?: boolean;
}

/**
 * Copies a folder, sharing blocks where the file system can. What vanishes meanwhile is left out: a running Postgres
 * removes files, and its log brings the copy up to date.
 *
 * @throws what the file system throws, `ENOSPC` among others.
 */
export async function copyTree(source: string, target: string, options: CopyOptions = {}): Promise<void> {
  const copyFolder = async (from: string, to: string): Promise<void> => {
    await mkdir(to, { recursive: true, mode: options.readable ? 0o755 : 0o700 });
    if (options.readable) await chmod(to, 0o755);
    const entries = await readdir(from, { withFileTypes: true });
    for (const entry of entries) {
      const path = join(from, entry.name);
      if (options.skip?.(relative(source, path))) continue;
      if (entry.isDirectory()) await copyFolder(path, join(to, entry.name));
      else await copyEntry(path, join(to, entry.name), options).catch(ignoreVanished);
    }
    if (options.account) await chown(to, options.account.uid, options.account.gid);
  };
  await copyFolder(source, target);
}

async function copyEntry(from: string, to: string, { account, readable }: CopyOptions): Promise<void> {
  const info = await lstat(from);
  if (info.isSymbolicLink()) return symlink(await readlink(from), to);
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  if (readable) await chmod(to, info.mode | 0o444);
  if (account) await chown(to, account.uid, account.gid);
}

function ignoreVanished(error: unknown): void {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
  throw error;
}
