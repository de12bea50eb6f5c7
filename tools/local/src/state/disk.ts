import { statfs } from 'node:fs/promises';
import { ClusterError } from '@tenfold/cluster';

const MIB = 1024 ** 2;

/** A first start writes three database clusters, their log and the catalogue; the rest is what a day of use may add. */
export const FIRST_START_BYTES = 1024 * MIB;
/** A later one needs room for the log. */
export const LATER_START_BYTES = 200 * MIB;

/** @throws ClusterError when the file system that holds `path` has less than `bytes` left for us. */
export async function checkSpace(path: string, bytes: number): Promise<void> {
  const free = await freeBytes(path);
  if (free >= bytes) return;
  throw new ClusterError(`The disk that holds ${path} has ${inMib(free)} left, and ${inMib(bytes)} are needed: make room and start again.`);
}

/** Turns "no space left on device" into a sentence that says where; anything else stays as it is. */
export async function explainFullDisk(thrown: unknown, path: string): Promise<unknown> {
  const isFull =
    thrown instanceof Error && (('code' in thrown && thrown.code === 'ENOSPC') || /no space left on device/i.test(thrown.message));
  if (!isFull) return thrown;
  const free = await freeBytes(path).catch(() => 0);
  return new ClusterError(`The disk that holds ${path} is full (${inMib(free)} left): make room and start again.`);
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

function inMib(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`;
}
