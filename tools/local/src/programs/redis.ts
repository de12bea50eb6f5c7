import { ClusterError } from '@tenfold/cluster';
import { run } from '../process/run.ts';
import { aptInstall, canAptInstall } from './apt.ts';
import { onPath } from './on-path.ts';
import { messageOf } from '../process/message-of.ts';

export interface RedisProgram {
  path: string;
  /** The server goes by the name that it is called by; see {@link locate}. */
  argv0: string;
  version: string;
}

/** BullMQ's floor, and the first with GETEX, COPY and LMOVE. */
const OLDEST = [6, 2] as const;
const ARGV0 = 'redis-server';

/**
 * Finds redis-server, or installs it where that needs no question: as root on Debian.
 *
 * @throws ClusterError that says what to install.
 */
export async function findRedis(progress: (text: string) => void = () => {}): Promise<RedisProgram> {
  let path = locate();
  if (path === undefined && canAptInstall()) {
    progress('installing redis from apt');
    // Not redis-server: that package holds a link to the same binary and a service, which it enables and starts.
    await aptInstall('redis-tools').catch((error: unknown) => {
      throw new ClusterError(`Redis is missing and could not be installed (${messageOf(error)}).`);
    });
    path = locate();
  }
  if (path === undefined) {
    throw new ClusterError('Redis is missing: install redis-server 6.2 or newer (macOS: `brew install redis`), so that it is on PATH.');
  }
  return { path, argv0: ARGV0, version: await versionOf(path) };
}

/** Debian ships one binary under the name redis-check-rdb; redis-server is a link to it, and argv[0] decides. */
function locate(): string | undefined {
  return onPath('redis-server') ?? onPath('redis-check-rdb');
}

async function versionOf(path: string): Promise<string> {
  const { stdout } = await run({ command: path, argv0: ARGV0, args: ['--version'], env: {} });
  const version = /v=(\d+)\.(\d+)\.\d+/.exec(stdout);
  if (!version) throw new ClusterError(`${path} does not say which version of Redis it is.`);
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new ClusterError(`Redis ${major}.${minor} (${path}) is too old: install 6.2 or newer.`);
  }
  return version[0].slice('v='.length);
}
