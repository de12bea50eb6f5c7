import { rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Cluster, type ClusterStatus, localCluster, locate } from '@tenfold/cluster';
import { childEnv } from '../config.ts';
import { ROOT } from '../app-tools.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../process/identity.ts';
import { leftBehind } from '../process/records.ts';
import { isFree } from '../state/ports.ts';
import { makeTestFolder } from './leftovers.ts';

/** The prefix of the state directories of test clusters. */
const PREFIX = 'tenfold-cluster-';
/** Test clusters listen here: below the blocks that their other processes are given. */
const FIRST_PORT = 18_000;
const PORTS = 2000;

export interface TestAccount {
  email: string;
  password: string;
}

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A cluster of its own, started the way that people do, with a state directory in a temporary folder. */
export interface TestCluster {
  url: string;
  port: number;
  /** TENFOLD_DIR. */
  directory: string;
  cluster: Cluster;
  /** Who can sign in. */
  credentials: { admin: TestAccount; staff: TestAccount };
  supervisor: () => ProcessIdentity;
  /** `npm start` and `npm stop` of this cluster: `run('start', '--detach')`. */
  run: (...argv: string[]) => Promise<CommandResult>;
  /** Stops it and deletes everything. @throws when anything of it is left. */
  close: () => Promise<void>;
}

/** @param env settings of the API or the edge. @throws with the command's own words when the cluster does not start. */
export async function startTestCluster(argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<TestCluster> {
  const home = await prepareTestCluster();
  const started = await begin(home.directory, 'local', ['start', '--detach', '--port', String(home.port), ...argv], env).ended;
  if (started.code !== 0) {
    await home.close();
    throw new Error(`the cluster did not start:\n${started.stderr}`);
  }
  return { ...describeCluster(home.directory, home.port), ...home };
}

/** Where a cluster can be started, by `run('start', '--port', …)`. */
export async function prepareTestCluster(): Promise<Pick<TestCluster, 'directory' | 'port' | 'run' | 'close'>> {
  const directory = await makeTestFolder(PREFIX, (abandoned) => command(abandoned, 'local', 'stop', '--reset'));
  const port = await freePort();
  // The last resort when the test run dies without tearing down.
  const abandon = () => {
    spawnSync(process.execPath, [mainOf('local'), 'stop', '--reset'], { env: childEnv({ TENFOLD_DIR: directory }) });
  };
  process.once('exit', abandon);
  const run = (...argv: string[]) => command(directory, 'local', ...argv);
  const close = async () => {
    process.off('exit', abandon);
    const before = everyProcess(directory);
    const { code, stderr } = await run('stop', '--reset');
    await rm(directory, { recursive: true, force: true });
    const left = before.filter(isAlive);
    if (code !== 0 || left.length > 0 || !(await isFree(port))) {
      throw new Error(`stop ended with ${code} and left ${left.map(({ pid }) => pid).join(', ') || 'no process'}:\n${stderr}`);
    }
  };
  return { directory, port, run, close };
}

/** What can be known of a running cluster from its state directory. */
export function describeCluster(directory: string, port: number): Omit<TestCluster, 'run' | 'close'> {
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    directory,
    cluster: localCluster(directory),
    credentials: JSON.parse(readFileSync(locate(directory).credentials, 'utf8')),
    supervisor: () => JSON.parse(readFileSync(locate(directory).lock, 'utf8')),
  };
}

/** Runs one of the two command lines against a state directory. */
export function command(directory: string, tool: 'local' | 'cluster', ...argv: string[]): Promise<CommandResult> {
  return begin(directory, tool, argv).ended;
}

/** The same, for who wants to interrupt it. */
export function begin(directory: string, tool: 'local' | 'cluster', argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [mainOf(tool), ...argv], {
    env: childEnv({ ...env, TENFOLD_DIR: directory }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const ended = Promise.all([code, text(child.stdout), text(child.stderr)]).then(([exit, stdout, stderr]) => ({
    code: exit,
    stdout,
    stderr,
  }));
  return { child, ended };
}

/** Every process of a cluster, its supervisor among them; empty when none runs. */
export function everyProcess(directory: string): ProcessIdentity[] {
  const place = locate(directory);
  const supervisor = identityOf(Number(stringIn(place.lock, 'pid')));
  return [...leftBehind(place.records), ...(supervisor ? [supervisor] : [])];
}

/** Every port of a cluster. */
export function everyPort({ edge, api, worker, paymentSandbox, postgres, redis }: ClusterStatus): number[] {
  const stores = [...(paymentSandbox ? [paymentSandbox] : []), postgres.primary, ...postgres.replicas, redis.cache, redis.state];
  return [
    Number(new URL(edge.url).port),
    ...[...api, ...worker].flatMap(({ port, metricsPort }) => [port, metricsPort]),
    ...stores.map(({ port }) => port),
  ];
}

/** Whether somebody takes connections on a port of this machine. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) return port;
  }
}

function mainOf(tool: 'local' | 'cluster'): string {
  return join(ROOT, 'tools', tool, 'src', 'main.ts');
}

function stringIn(file: string, key: string): string {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return String(typeof content === 'object' && content !== null ? Reflect.get(content, key) : '');
  } catch {
    return '';
  }
}
