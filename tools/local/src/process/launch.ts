import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { identityOf, type ProcessIdentity } from './identity.ts';

/** The account that a process runs under; undefined means ours. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** A program with everything that it needs to start. */
export interface Program {
  name: string;
  command: string;
  args: readonly string[];
  /** The name that the program finds itself called by, where that decides what it does. */
  argv0?: string;
  /** The whole environment: nothing is inherited. */
  env: Readonly<Record<string, string>>;
  account?: Account | undefined;
  cwd?: string;
  /** The file that stdout and stderr are appended to. */
  log: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Set when the program could not be started at all. */
  error?: Error;
}

export interface Running extends ProcessIdentity {
  /** Resolves once the process has ended; never rejects. */
  exited: Promise<Exit>;
  /** Sends a signal; nothing happens when the process is gone. */
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a program in a session of its own, so that a Ctrl-C at the terminal reaches the supervisor alone and the order
 * of stopping stays its decision. Output goes straight to the file: a pipe through the supervisor would cost it CPU for
 * every request served, and would break when it dies.
 */
export function launch(program: Program): Running {
  const log = openSync(program.log, 'a', 0o600);
  const child = spawn(program.command, program.args, {
    env: program.env,
    detached: true,
    stdio: ['ignore', log, log],
    ...(program.cwd !== undefined && { cwd: program.cwd }),
    ...(program.argv0 !== undefined && { argv0: program.argv0 }),
    ...(program.account && { uid: program.account.uid, gid: program.account.gid }),
  });
  closeSync(log);
  const exited = new Promise<Exit>((resolve) => {
    child.on('error', (error) => resolve({ code: null, signal: null, error }));
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    // Our own child can't be reaped before we get to look, so this can only miss when nothing was started.
    started: identityOf(pid)?.started ?? 'never',
    exited,
    signal: (name) => void child.kill(name),
  };
}

/** Completes "it …": `ended with exit code 1`, `was ended by SIGKILL`, `did not start: ENOENT`. */
export function describeExit({ code, signal, error }: Exit): string {
  if (error) return `did not start: ${error.message}`;
  return signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
}
