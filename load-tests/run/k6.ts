import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnv, chosenK6, searchPath, toolsCache } from './config.ts';
import { LoadError } from './errors.ts';

const VERSION = '1.8.1';
const MODULE = `go.k6.io/k6@v${VERSION}`;

export interface K6 {
  path: string;
  /** As `k6 version` says it: "v1.8.1". */
  version: string;
}

/**
 * Finds k6: TENFOLD_K6, PATH, then the one that was built before; with Go on the machine it is built when it is missing
 * (from the module that k6's own authors publish, checked by Go's checksum database).
 *
 * @throws LoadError that says what to do.
 */
export async function findK6(say: (line: string) => void): Promise<K6> {
  const chosen = chosenK6();
  if (chosen !== undefined) return versionOf(chosen);
  const built = join(toolsCache(), `k6-${VERSION}`, 'k6');
  const found = [...searchPath().map((folder) => join(folder, 'k6')), built].find(isProgram);
  if (found !== undefined) return versionOf(found);
  const go = searchPath()
    .map((folder) => join(folder, 'go'))
    .find(isProgram);
  if (go === undefined) {
    throw new LoadError(`k6 is missing: install k6 v${VERSION} (or Go, to have it built), or name one in TENFOLD_K6.`);
  }
  say(`building k6 v${VERSION} with Go, once, in about two minutes …`);
  await build(go, join(toolsCache(), `k6-${VERSION}`));
  return versionOf(built);
}

async function build(go: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const child = spawn(go, ['install', MODULE], { env: childEnv({ GOBIN: folder }), stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-2000)));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new LoadError(`k6 could not be built by \`go install ${MODULE}\`: ${words.trim().split('\n').at(-1) ?? ''}`);
}

async function versionOf(path: string): Promise<K6> {
  const { stdout } = await promisify(execFile)(path, ['version']).catch((error: unknown) => {
    throw new LoadError(`${path} is no k6 that runs: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}.`);
  });
  const [, version, major] = /\bk6(?:\.exe)? (v(\d+)\.\d+\.\d+)/.exec(stdout) ?? [];
  if (version === undefined || Number(major) < 1)
    throw new LoadError(`${path} is ${version ?? 'no k6'}: TypeScript needs k6 1.0 or newer.`);
  return { path, version };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
