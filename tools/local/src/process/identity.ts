import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A process id together with when it started: ids are used again, the pair isn't. This is what makes it safe to end a
 * process that an earlier, crashed supervisor wrote down.
 */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: the boot and the moment. */
  started: string;
}

/** When process `pid` started, or undefined when there is none (a zombie counts as none). */
export function startOf(pid: number): string | undefined {
  return process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return startOf(pid) === started;
}

export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { pid, started };
}

/** The fields of /proc/PID/stat from the third on, or undefined; the second, the name, may hold spaces and parentheses. */
export function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function startOnLinux(pid: number): string | undefined {
  const fields = statFields(pid);
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${bootId()}/${fields[19]}`; // field 22 of proc(5): clock ticks since boot
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function startByPs(pid: number): string | undefined {
  const { stdout, status } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && stdout.trim() ? stdout.trim() : undefined;
}
