import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeDirectory, stateDirectory } from '../config.ts';

/** Where the clusters of root keep what another account has to read: a checkout below a home of mode 0700 is closed to it. */
export const SYSTEM_DIR = '/var/lib/tenfold';

/** Where one local cluster keeps what. */
export interface Place {
  /** Tells this instance from others on the machine. */
  id: string;
  /** The state directory (0700): settings, secrets, logs. */
  dir: string;
  /** `NAME.log` of each process. */
  logs: string;
  /** What stores and edge write, a folder each. */
  data: string;
  /** Programs that are fetched or copied once; root's clusters share them. */
  programs: string;
  /** Holds the control socket (0700). Short: a socket's path is limited to 107 bytes, a checkout's isn't. */
  run: string;
  /** The supervisor listens here. */
  socket: string;
  /** Which processes the supervisor runs, for the next one to end should this one be killed. */
  records: string;
  /** Who the supervisor is. */
  lock: string;
  /** What a person needs to sign in (0600). */
  credentials: string;
  /** The keys that access tokens are signed with (0700). */
  keys: string;
  /** Mails that were sent, a file each, where there is no mail server (0700). */
  mail: string;
}

/** @throws when the state directory does not exist. */
export function locate(directory = stateDirectory(), uid = process.getuid?.()): Place {
  const dir = realpathSync(directory);
  const id = createHash('sha256').update(dir).digest('hex').slice(0, 12);
  const run = uid === 0 ? join(SYSTEM_DIR, id, 'run') : join(runtimeDirectory(), `tenfold-${uid ?? 'user'}`, id);
  return {
    id,
    dir,
    logs: join(dir, 'logs'),
    data: uid === 0 ? join(SYSTEM_DIR, id, 'data') : join(dir, 'data'),
    programs: uid === 0 ? join(SYSTEM_DIR, 'programs') : join(dir, 'programs'),
    run,
    socket: join(run, 'control.sock'),
    records: join(dir, 'processes.json'),
    lock: join(dir, 'supervisor.json'),
    credentials: join(dir, 'credentials.json'),
    keys: join(dir, 'jwt-keys'),
    mail: join(dir, 'mail'),
  };
}
