import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { composeEnv, ROOT } from '../config.ts';
import { ClusterError } from '../errors.ts';

/** Bytes of output that a command may have: `docker inspect` of every container is some hundred kilobytes. */
const MAX_OUTPUT = 64 * 2 ** 20;

/** A Compose project of this checkout's docker-compose.yml. */
export interface Project {
  name: string;
  /** Variables of docker-compose.yml, beside those of this process. */
  env?: Readonly<Record<string, string>>;
}

/** What a docker command wrote to stdout. @throws ClusterError with the last line that it wrote to stderr. */
export function docker(args: readonly string[], project?: Project): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: ROOT, maxBuffer: MAX_OUTPUT, env: composeEnv(project?.env) };
    execFile('docker', [...args], options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new ClusterError('docker is not installed here.'));
      else reject(new ClusterError(`docker ${args.slice(0, 2).join(' ')} failed: ${lastLine(stderr) || error.message}`));
    });
  });
}

/** `docker compose` on a project of this checkout. */
export function compose(project: Project, ...args: string[]): Promise<string> {
  return docker(['compose', '--project-name', project.name, '--progress', 'quiet', ...args], project);
}

/** What a docker command writes, both streams, line by line, until it ends or the signal aborts. */
export async function* dockerLines(args: readonly string[], signal?: AbortSignal): AsyncIterable<string> {
  const child = spawn('docker', [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const both = new PassThrough();
  child.stdout.pipe(both, { end: false });
  child.stderr.pipe(both, { end: false });
  child.once('close', () => both.end());
  const stop = () => void child.kill();
  signal?.addEventListener('abort', stop);
  try {
    yield* createInterface({ input: both });
  } finally {
    signal?.removeEventListener('abort', stop);
    child.kill();
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
