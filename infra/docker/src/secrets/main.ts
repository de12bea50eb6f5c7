/**
 * Makes the secrets of a Compose project at its first start, and hands each service its own: `node main.ts FOLDER`.
 *
 * FOLDER has a mount for each volume. `master` keeps what was made, and nothing else ever mounts it; the others go to the
 * services that need what is in them, and are written anew at every start, so that losing one of them does no harm. Their
 * files are readable by all: whoever is in a container that mounts the volume is the one they are for.
 */
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf } from './files.ts';
import { completeMaster } from './master.ts';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('usage: main.ts FOLDER');

const file = join(folder, 'master', 'secrets.json');
const kept = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
const master = completeMaster(kept);
const text = JSON.stringify(master);
if (text !== kept) write(file, text, 0o600);
for (const [path, content] of Object.entries(filesOf(master))) write(join(folder, path), content, 0o444);
process.stdout.write(kept === undefined ? 'made the secrets of this project\n' : 'the secrets are there\n');

/** All of it or nothing, whenever this is interrupted. */
function write(path: string, content: string, mode: number): void {
  const draft = `${path}.new`;
  writeFileSync(draft, content, { mode: 0o600 });
  chmodSync(draft, mode);
  renameSync(draft, path);
}
