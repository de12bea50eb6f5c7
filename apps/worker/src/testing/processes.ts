import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** A process of a test. */
export interface TestProcess {
  pid: number;
  /** What it has written, for when it goes wrong. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Runs a TypeScript file as a process of its own, with these variables and no others. */
export function startProcess(file: string, env: Readonly<Record<string, string>>, args: readonly string[] = []): TestProcess {
  const child = spawn(process.execPath, [file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const chunks: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const exited = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    return { code, signal };
  });
  return { pid: child.pid ?? 0, output: () => chunks.join('').slice(-4000), kill: (signal) => void child.kill(signal), exited };
}

/** Waits until a URL answers 200. */
export function answers(url: string, process: TestProcess): Promise<void> {
  const ask = async () => (await fetch(url).catch(() => undefined))?.ok;
  const ended = process.exited.then(() => {
    throw new Error(`the process has ended: ${process.output()}`);
  });
  return Promise.race([until(() => `${url} answers: ${process.output()}`, ask), ended]);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('listening on no port');
  return address.port;
}

/** Waits until a condition holds, and fails with what it is when it doesn't in time. */
export async function until(what: string | (() => string), condition: () => unknown, within = 60_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${typeof what === 'string' ? what : what()}`);
    await wait(20);
  }
}
