import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { ClusterError } from '@tenfold/cluster';
import { identityOf, isAlive, type ProcessIdentity } from '../process/identity.ts';

/**
 * Makes this process the only one of its kind: the supervisor of a state directory, the proof of a checkout. The lock names a process,
 * so that it means nothing once that process is gone, however it ended.
 *
 * @param taken what there is to say when another one has it, in a sentence.
 * @returns what releases it.
 * @throws ClusterError when another one has it.
 */
export function lock(file: string, taken: (pid: number) => string): () => void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identityOf(process.pid)), { mode: 0o600 });
  try {
    for (;;) {
      if (tryLink(draft, file)) return () => rmSync(file, { force: true });
      const owner = ownerOf(file);
      if (owner) throw new ClusterError(taken(owner.pid));
      removeStale(file);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The process that holds the lock, or undefined when none runs. */
export function ownerOf(file: string): ProcessIdentity | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isIdentity(owner) && isAlive(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** link(2) fails when the name is taken: of two that try at the same moment one gets it, and it is never half written. */
function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the lock away before looking at it again: another one may have done the same, and have put a fresh lock there. */
function removeStale(file: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (ownerOf(aside)) linkSync(aside, file);
  } catch {
    // Gone already, or taken again: the next round will tell.
  }
  rmSync(aside, { force: true });
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return typeof value === 'object' && value !== null && 'pid' in value && 'started' in value && typeof value.pid === 'number';
}
