import { chown, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Account } from '../process/launch.ts';

/** Makes a folder that only its owner can enter. */
export async function makePrivateFolder(path: string, account?: Account): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (account) await chown(path, account.uid, account.gid);
}

/**
 * Writes a file that only its owner can read; a reader sees the old or the new content, never half of it.
 *
 * Root writes into folders of the stores' account this way: the draft is made anew (`wx`) and owned through its handle,
 * so a link that waits under its name leads nowhere.
 */
export async function writePrivateFile(path: string, content: string, account?: Account): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.draft`);
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    if (account) await file.chown(account.uid, account.gid);
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
