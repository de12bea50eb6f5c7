import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Program } from './launch.ts';

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end and returns what it printed. @throws when it can't be started. */
export async function run(program: Omit<Program, 'name' | 'log'>, options: { signal?: AbortSignal | undefined } = {}): Promise<Result> {
  const child = spawn(program.command, program.args, {
    env: program.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal && { signal: options.signal }),
    ...(program.cwd !== undefined && { cwd: program.cwd }),
    ...(program.argv0 !== undefined && { argv0: program.argv0 }),
    ...(program.account && { uid: program.account.uid, gid: program.account.gid }),
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: typeof code === 'number' ? code : null, stdout, stderr };
}
