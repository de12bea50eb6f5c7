import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { killGroup } from './end.ts';
import { isAlive, type ProcessIdentity } from './identity.ts';

/** A process as it is written down, for a later supervisor to end if this one can't. */
export interface Recorded extends ProcessIdentity {
  name: string;
  /** What asks it to end. */
  polite: NodeJS.Signals;
}

export interface Records {
  add(process: Recorded): void;
  remove(pid: number): void;
}

/** Nobody is sent to these any more: a second SIGTERM spares an API replica the wait for the edge. Milliseconds. */
const HURRY_AFTER = 500;
/** How long a process left behind may take to end before it is killed: a replica's drain, and some. */
const PATIENCE = 12_000;

/**
 * Writes down which processes run, at once and synchronously: the supervisor may be killed at any instruction. A full
 * disk is no reason to end what runs: then the file is out of date until the next change.
 */
export function createRecords(file: string): Records {
  const processes = new Map<number, Recorded>();
  const save = () => {
    const draft = `${file}.draft`;
    try {
      writeFileSync(draft, JSON.stringify([...processes.values()], null, 2), { mode: 0o600 });
      renameSync(draft, file);
    } catch {
      rmSync(draft, { force: true });
    }
  };
  return {
    add(recorded) {
      processes.set(recorded.pid, recorded);
      save();
    },
    remove(pid) {
      if (processes.delete(pid)) save();
    },
  };
}

/** Those processes of an earlier supervisor that still run. An id that was given to another process since doesn't count. */
export function leftBehind(file: string): Recorded[] {
  if (!existsSync(file)) return [];
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(found) ? found.filter(isRecorded).filter(isAlive) : [];
  } catch {
    return []; // half a file can't be: what is unreadable was never ours
  }
}

/** Ends what an earlier supervisor left behind. @returns the names of what had to be ended. */
export async function endLeftBehind(file: string): Promise<string[]> {
  const orphans = leftBehind(file);
  for (const patience of orphans.length > 0 ? [HURRY_AFTER, PATIENCE] : []) {
    for (const orphan of orphans) signal(orphan, orphan.polite);
    await waitForEnd(orphans, patience);
  }
  for (const orphan of orphans) {
    signal(orphan, 'SIGKILL');
    killGroup(orphan.pid);
  }
  await waitForEnd(orphans, PATIENCE);
  rmSync(file, { force: true });
  return orphans.map(({ name }) => name);
}

async function waitForEnd(orphans: readonly Recorded[], patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  while (performance.now() < deadline && orphans.some(isAlive)) await wait(20);
}

function signal(orphan: Recorded, name: NodeJS.Signals): void {
  if (!isAlive(orphan)) return;
  try {
    process.kill(orphan.pid, name);
  } catch {
    // ESRCH: it ended between the look and the signal.
  }
}

function isRecorded(value: unknown): value is Recorded {
  if (typeof value !== 'object' || value === null) return false;
  const { name, pid, started, polite } = Object.fromEntries(Object.entries(value));
  return typeof name === 'string' && typeof pid === 'number' && pid > 1 && typeof started === 'string' && typeof polite === 'string';
}
