import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { statFields } from './identity.ts';

export interface Child {
  pid: number;
  /** As ps shows it: a process may rename itself. */
  title: string;
}

/** The processes that `parent` started and that still run. */
export function childrenOf(parent: number): Child[] {
  return process.platform === 'linux' ? onLinux(parent) : byPs(parent);
}

function onLinux(parent: number): Child[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map(Number)
    .filter((pid) => statFields(pid)?.[1] === String(parent)) // field 4 of proc(5): the parent
    .map((pid) => ({ pid, title: titleOf(pid) }));
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

function byPs(parent: number): Child[] {
  const { stdout } = spawnSync('ps', ['-axo', 'ppid=,pid=,command='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [, ppid, pid, title = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(ppid) === parent ? [{ pid: Number(pid), title }] : [];
  });
}
