import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf, isAlive } from '../process/identity.ts';

const OWNER = 'test-run.json';

/**
 * A temporary folder of this test run. A run that was killed could not clean up after itself: its folders are found by
 * the next one, handed to `endProcesses` and deleted.
 *
 * @param prefix of the folder's name, the same for every run.
 */
export async function makeTestFolder(prefix: string, endProcesses: (folder: string) => Promise<unknown>): Promise<string> {
  for (const folder of abandoned(prefix)) {
    await endProcesses(folder);
    await rm(folder, { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(tmpdir(), prefix));
  await writeFile(join(folder, OWNER), JSON.stringify(identityOf(process.pid)));
  return folder;
}

function abandoned(prefix: string): string[] {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix));
  return folders.map((name) => join(tmpdir(), name)).filter((folder) => existsSync(join(folder, OWNER)) && !ownerLives(folder));
}

function ownerLives(folder: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(join(folder, OWNER), 'utf8')));
  } catch {
    return true; // being made, or being deleted
  }
}
