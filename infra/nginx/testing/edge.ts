import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// By path: tools/local depends on this package, and a dependency back would make a circle of the two.
import { findNginx, nginxArguments, type NginxProgram } from '../../../tools/local/src/programs/nginx.ts';
import { type EdgeOptions, renderEdge } from '../index.ts';
import { ask } from './ask.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** The edge of a test: a real nginx on a port of its own. */
export interface Edge {
  port: number;
  /** What this machine's nginx can't do, from `findNginx`. */
  note: string | undefined;
  /** Renders anew with these options changed, and returns when only new workers take connections. */
  reload(change?: Partial<TestOptions>): Promise<void>;
  /** The access log so far, once an entry with this request id is in it. */
  logged(requestId: string): Promise<Record<string, unknown>>;
  /** The access log as text. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

export interface TestOptions extends EdgeOptions {
  /** A header from which the edge takes the client's address: a machine has few to come from. */
  clientHeader?: string;
}

type Change = Partial<TestOptions> & Pick<TestOptions, 'upstream'>;

const cacheDirectory = join(import.meta.dirname, '../../../node_modules/.cache/tenfold');

/**
 * Runs a program until standard input ends, then ends it and removes its folder: also when the test run was killed and
 * nobody is left to do so. nginx sets its own handlers for the signals that are ignored here.
 */
const WATCHED = 'trap "" INT HUP TERM; folder=$1; shift; "$@" & cat >/dev/null; kill $!; wait $!; rm -rf "$folder"';

export async function startEdge(given: Change): Promise<Edge> {
  const nginx = await findNginx({ cacheDirectory });
  const directory = await mkdtemp(join(tmpdir(), 'tenfold-edge-'));
  try {
    // Workers of a root nginx are nobody.
    await chmod(directory, 0o755);
    const port = await freePort();
    return await run(nginx, { listen: `127.0.0.1:${port}`, directory, version: nginx.version, workers: 2, ...given }, port);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function run(nginx: NginxProgram, first: TestOptions, port: number): Promise<Edge> {
  let options = first;
  const { directory } = options;
  const file = join(directory, 'nginx.conf');
  await writeFile(file, render(options));

  const child = spawn('sh', ['-c', WATCHED, 'sh', directory, nginx.path, ...nginxArguments(directory, file)], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const said = collect(child);
  const stop = async () => {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  // It writes its id once the port is its own: another nginx may answer there.
  const master = async () => Number(await readFile(join(directory, 'nginx.pid'), 'utf8'));
  const answers = async () => (await master()) > 0 && (await ask(port, '/edge-health')).status === 200;
  await until('nginx answers', answers).catch(async (error: unknown) => {
    await stop();
    throw new Error(`${String(error)}\n${said()}`);
  });

  const log = () => readFile(join(directory, 'access.log'), 'utf8');
  return {
    port,
    note: nginx.note,
    log,
    stop,
    async reload(change = {}) {
      options = { ...options, ...change };
      await writeFile(file, render(options));
      const wanted = count(said(), 'gracefully shutting down') + (options.workers ?? 1);
      process.kill(await master(), 'SIGHUP');
      await until('the old workers stop listening', () => count(said(), 'gracefully shutting down') >= wanted);
    },
    async logged(requestId) {
      return until(`a log entry of ${requestId}`, async () => {
        const line = (await log()).split('\n').find((text) => text.includes(requestId));
        return line === undefined ? undefined : parseEntry(line);
      });
    },
  };
}

function render({ clientHeader, ...options }: TestOptions): string {
  const conf = renderEdge(options);
  if (clientHeader === undefined) return conf;
  return conf.replace('http {', `http {\n  set_real_ip_from 127.0.0.1;\n  real_ip_header ${clientHeader};`);
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

function parseEntry(line: string): Record<string, unknown> {
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== 'object' || entry === null) throw new Error(`not an object: ${line}`);
  return { ...entry };
}
