import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinned, type Server } from './server.ts';

export interface Asked {
  path: string;
  headers?: Record<string, string>;
}

const GENERATOR = fileURLToPath(new URL('generator.ts', import.meta.url));

/** @returns microseconds of the server's CPU a request. @throws when an answer was not 200. */
export async function measure(server: Server, requests: readonly Asked[], seconds: number): Promise<number> {
  await generate(server.url, requests, 0.5); // connections, caches and compiled code are not what is measured
  const before = await server.cpu();
  const { answered, failed } = await generate(server.url, requests, seconds);
  const used = (await server.cpu()) - before;
  if (failed > 0 || answered === 0) throw new Error(`${failed} of ${failed + answered} answers of ${requests[0]?.path} were not 200`);
  return used / answered;
}

async function generate(url: string, requests: readonly Asked[], seconds: number): Promise<{ answered: number; failed: number }> {
  const [command, args] = pinned(1, [GENERATOR, JSON.stringify({ url, requests, seconds })]);
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 2 ** 20 });
  return JSON.parse(stdout);
}
