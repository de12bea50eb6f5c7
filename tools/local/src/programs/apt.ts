import { inheritedEnv } from '../config.ts';
import { run } from '../process/run.ts';
import { onPath } from './on-path.ts';

const OPTIONS = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=60'];

/** Whether this machine is one where {@link aptInstall} can work: Debian or a child of it, and we are root. */
export function canAptInstall(): boolean {
  return process.getuid?.() === 0 && onPath('apt-get') !== undefined;
}

/**
 * Installs one Debian package; fetches the package lists first where there are none (a fresh container).
 *
 * @throws Error with apt's own last line when it fails.
 */
export async function aptInstall(name: string): Promise<void> {
  if ((await apt(['install', ...OPTIONS, name])).code === 0) return;
  await apt(['update', '-q']);
  const second = await apt(['install', ...OPTIONS, name]);
  if (second.code !== 0) throw new Error(`apt-get install ${name}: ${second.stderr.trim().split('\n').at(-1) ?? ''}`);
}

async function apt(args: string[]) {
  return run({ command: onPath('apt-get') ?? 'apt-get', args, env: { ...inheritedEnv(), DEBIAN_FRONTEND: 'noninteractive' } });
}
