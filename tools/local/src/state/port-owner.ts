import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Who listens on a TCP port of this machine, as far as /proc tells us: `nginx (pid 1234)`. Undefined when it doesn't. */
export function listenerOn(port: number): string | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningInodes(readText(file), port)));
  if (inodes.size === 0) return undefined;
  const pid = list('/proc').find((name) => /^\d+$/.test(name) && holds(name, inodes));
  return pid === undefined ? undefined : `${basename(linkOf(`/proc/${pid}/exe`)) || 'another program'} (pid ${pid})`;
}

/** The socket inodes in the text of /proc/net/tcp that listen (state 0A) on the port. */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return local?.endsWith(suffix) && state === '0A' && inode !== undefined ? [inode] : [];
  });
}

function holds(pid: string, inodes: ReadonlySet<string>): boolean {
  return list(`/proc/${pid}/fd`).some((descriptor) => {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`))?.[1];
    return inode !== undefined && inodes.has(inode);
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not ours to look into, gone, or no /proc at all
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
