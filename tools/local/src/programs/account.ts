import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ClusterError, SYSTEM_DIR } from '@tenfold/cluster';
import type { Account } from '../process/launch.ts';
import { onPath } from './on-path.ts';

const NAME = 'tenfold';

/**
 * The account that the stores run under. Postgres refuses to be root, so root gets a system user, made on first use;
 * an ordinary user's stores are their own (undefined).
 *
 * @throws ClusterError when the user can't be made.
 */
export function storeAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (process.platform !== 'linux') throw new ClusterError('Run this as an ordinary user: Postgres refuses to run as root.');
  const known = lookUp();
  if (known) return known;
  const useradd = onPath('useradd');
  if (useradd === undefined) {
    throw new ClusterError(
      'Postgres refuses to run as root and there is no useradd here: make a system user "tenfold", or run this as an ordinary user.',
    );
  }
  const made = spawnSync(useradd, [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    SYSTEM_DIR,
    '--shell',
    '/usr/sbin/nologin',
    NAME,
  ]);
  const account = lookUp();
  if (!account)
    throw new ClusterError(
      `The system user "${NAME}" could not be made: ${made.stderr.toString().trim() || `useradd ended with ${made.status}`}.`,
    );
  return account;
}

function lookUp(): Account | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${NAME}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { name: NAME, uid: Number(uid), gid: Number(gid) };
}
