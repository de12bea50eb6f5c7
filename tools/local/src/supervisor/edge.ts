import { symlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError } from '@tenfold/cluster';
import { type BalanceSettings, type EdgeServer, type EdgeSettings, parseBalance, renderEdge } from '@tenfold/nginx';
import { makePrivateFolder, writePrivateFile } from '../files/own.ts';
import { childrenOf } from '../process/children.ts';
import { httpGet } from '../process/http-get.ts';
import type { Account, Program } from '../process/launch.ts';
import type { StopStep } from '../process/end.ts';
import { run } from '../process/run.ts';
import { until } from '../process/until.ts';
import { type NginxProgram, nginxArguments } from '../programs/nginx.ts';
import { messageOf } from '../process/message-of.ts';
import { createService, type Service, type Supervision } from './service.ts';

/** At most two reloads a second: each one starts new workers and keeps the old ones until their connections end. */
const BETWEEN_RELOADS = 500;

/** Without waiting for connections. */
export const QUIT_NOW: readonly StopStep[] = [{ signal: 'SIGTERM', wait: 2000 }];

export interface EdgeOptions {
  port: number;
  folder: string;
  logs: string;
  nginx: NginxProgram;
  account: Account | undefined;
  settings: EdgeSettings;
  /** Who gets requests, now. */
  servers: () => EdgeServer[];
  service: Supervision;
}

export interface Edge {
  service: Service;
  url: string;
  /**
   * Makes nginx serve by the servers of now; calls that come meanwhile share the next reload.
   * Resolves once new workers have taken over: no new connection meets the old list any more.
   */
  apply(): Promise<void>;
  /** The same, even when the servers are those that it has. */
  reload(): Promise<void>;
  /** Chooses servers in another way from now on; undefined: as the settings say. @throws ClusterError, and nothing has changed. */
  balance(by: string | undefined, weights?: readonly number[]): Promise<void>;
  /** Bounds the requests in flight to one server from now on; undefined: as the settings say. @throws ClusterError, and nothing has changed. */
  maxConns(count: number | undefined): Promise<void>;
}

/** What was chosen since it was started, over its settings. */
interface Choice {
  balance: BalanceSettings;
  limits: Pick<EdgeSettings, 'maxConnsBrowse'>;
}

export function createEdge(options: EdgeOptions): Edge {
  const { port, folder, logs, nginx, account } = options;
  const config = join(folder, 'nginx.conf');
  const program: Program = {
    name: 'edge',
    command: nginx.path,
    args: nginxArguments(folder, config),
    env: { TZ: 'UTC' },
    account,
    cwd: folder,
    log: join(logs, 'edge.log'),
  };
  let applied = '';
  let forced = false;
  let choice: Choice = { balance: {}, limits: {} };
  const write = async () => {
    const text = render(options, choice);
    await writePrivateFile(config, text, account);
    return text;
  };
  const service = createService({
    ...options.service,
    name: 'edge',
    program: () => program,
    async prepare() {
      await makePrivateFolder(folder, account);
      await linkAccessLog(folder, logs);
      applied = await write();
    },
    isReady: () => edgeAnswers(port),
    readyWithin: 10_000,
    // Longer than any request takes, and than keepalive_min_timeout keeps idle connections.
    stop: [{ signal: 'SIGQUIT', wait: 12_000 }, ...QUIT_NOW],
    changed(edge, note) {
      options.service.changed(edge, note);
      // The servers may have changed since it read the file.
      if (edge.state === 'ready') apply().catch((error: unknown) => options.service.changed(edge, messageOf(error)));
    },
  });

  const apply = coalesce(async () => {
    if (service.state !== 'ready' || service.pid === undefined) return; // it reads the file when it starts
    if (!forced && render(options, choice) === applied) return;
    forced = false;
    const text = await write();
    await check(program);
    await handOver(service, service.pid, port);
    applied = text;
  }, BETWEEN_RELOADS);
  const reload = async () => {
    forced = true;
    await apply();
  };
  const choose = async (chosen: () => Partial<Choice>) => {
    const before = choice;
    try {
      choice = { ...choice, ...chosen() };
      render(options, choice);
      await apply();
    } catch (error) {
      choice = before;
      await write();
      throw new ClusterError(messageOf(error));
    }
  };
  const balance = (by: string | undefined, weights?: readonly number[]) =>
    choose(() => ({ balance: { ...(by !== undefined && { balance: parseBalance(by) }), ...(weights && { weights }) } }));
  const maxConns = (count: number | undefined) => choose(() => ({ limits: count === undefined ? {} : { maxConnsBrowse: count } }));
  return { service, url: `http://127.0.0.1:${port}`, apply, reload, balance, maxConns };
}

/**
 * Runs `work` for every call, but never twice at once and not more often than every `pause` milliseconds: calls that come
 * while one is under way, or in its pause, share the next.
 */
export function coalesce(work: () => Promise<void>, pause: number): () => Promise<void> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= current.then(() => {
      next = undefined;
      const result = work();
      current = result.catch(() => undefined).then(() => wait(pause));
      return result;
    });
    return next;
  };
}

function render({ port, folder, nginx, settings, servers }: EdgeOptions, choice: Choice): string {
  return renderEdge({
    ...settings,
    ...choice.balance,
    ...choice.limits,
    listen: `127.0.0.1:${port}`,
    directory: folder,
    version: nginx.version,
    upstream: { servers: servers() },
  });
}

/** `nginx -t`: a master that is told to reload a broken file only says so in its log. */
async function check({ command, args, env, account, cwd }: Program): Promise<void> {
  const { code, stderr } = await run({ command, args: [...args, '-t'], env, account, ...(cwd !== undefined && { cwd }) });
  if (code !== 0) throw new ClusterError(`nginx refuses its configuration: ${stderr.trim().split('\n')[0] ?? ''}`);
}

/** Lets the master start new workers and waits until the old ones no longer take connections. */
async function handOver(service: Service, master: number, port: number): Promise<void> {
  const before = new Set(workersOf(master));
  process.kill(master, 'SIGHUP');
  const tookOver = () => {
    if (service.pid !== master) return true; // it died, and its successor reads the new file
    const serving = workersOf(master);
    return serving.length > 0 && serving.every((pid) => !before.has(pid));
  };
  await until(tookOver, { what: 'nginx did not take its new configuration over', within: 10_000, every: 20 });
  await until(() => edgeAnswers(port), { what: 'nginx did not answer after its reload', within: 5000 });
}

/** Those workers that still take connections: the others call themselves "worker process is shutting down". */
function workersOf(master: number): number[] {
  return childrenOf(master)
    .filter(({ title }) => title.includes('worker') && !title.includes('shutting down'))
    .map(({ pid }) => pid);
}

/** nginx's account can't write to our log folder; people look there all the same. */
async function linkAccessLog(folder: string, logs: string): Promise<void> {
  const link = join(logs, 'edge-access.log');
  await rm(link, { force: true });
  await symlink(join(folder, 'access.log'), link);
}

async function edgeAnswers(port: number): Promise<boolean> {
  return (await httpGet(`http://127.0.0.1:${port}/edge-health`)).status === 200;
}
