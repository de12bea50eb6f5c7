import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inheritedEnv } from './config.ts';
import type { Recorded } from './servers/recorded.ts';

/** A server under measurement, in a process of its own on a core of its own. */
export interface Server {
  url: string;
  /** Microseconds of CPU that it has used, as it says itself. */
  cpu(): Promise<number>;
  tell(answer: Recorded): void;
  stop(): Promise<void>;
}

const REPORT_CPU = new URL('servers/report-cpu.ts', import.meta.url).href;

/** Cores are taken by `taskset`; without it (macOS) figures are noisier, and ratios still hold. */
export const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** The command that runs a file on one core. */
export function pinned(core: number, args: readonly string[]): [command: string, args: string[]] {
  return canPin ? ['taskset', ['-c', String(core), process.execPath, ...args]] : [process.execPath, [...args]];
}

/** @param url of a server that doesn't tell its port. */
export async function startServer(file: URL, env: Record<string, string>, url?: string): Promise<Server> {
  const [command, args] = pinned(0, ['--import', REPORT_CPU, fileURLToPath(file)]);
  const child = spawn(command, args, { env: { ...inheritedEnv(), ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const failed = once(child, 'exit').then(() => {
    throw new Error(`${file.pathname} has ended by itself`);
  });
  const ready = url === undefined ? askPort(child) : untilReady(url).then(() => url);
  const address = await Promise.race([ready, failed]);
  failed.catch(() => undefined);
  return {
    url: address,
    async cpu() {
      const answer = once(child, 'message');
      child.send('cpu');
      const [message]: { cpu: number }[] = await Promise.race([answer, failed]);
      return message?.cpu ?? 0;
    },
    tell: (answer) => void child.send(answer),
    async stop() {
      child.kill('SIGKILL');
      await failed.catch(() => undefined);
    },
  };
}

async function askPort(child: ChildProcess): Promise<string> {
  const [message]: { port: number }[] = await once(child, 'message');
  return `http://127.0.0.1:${message?.port}`;
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answer = await fetch(`${url}/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  throw new Error(`${url} was not ready in 30 s`);
}
