import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ClusterError } from '@tenfold/cluster';
import { inheritedEnv } from './config.ts';
import { run } from './process/run.ts';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Brings the schema up to date. @returns what it did, in a line. @throws ClusterError with the tool's last line. */
export async function migrate(ownerUrl: string, signal?: AbortSignal): Promise<string> {
  return databaseTool('migrate', ownerUrl, signal);
}

/** Fills in the catalogue, where it isn't yet. @returns what it did, in a line. @throws ClusterError with the tool's last line. */
export async function seed(ownerUrl: string, signal?: AbortSignal): Promise<string> {
  return databaseTool('seed', ownerUrl, signal);
}

/** Tools include no app code: these run as processes, the way that a deployment runs them. */
async function databaseTool(name: 'migrate' | 'seed', ownerUrl: string, signal: AbortSignal | undefined): Promise<string> {
  const entry = `packages/db/src/${name}/main.ts`;
  if (!existsSync(`${ROOT}/${entry}`)) throw new ClusterError(`${entry} is missing from this checkout.`);
  const { code, stdout, stderr } = await run(
    { command: process.execPath, args: [entry], env: { ...inheritedEnv(), DATABASE_URL: ownerUrl }, cwd: ROOT },
    { signal },
  );
  if (code !== 0) throw new ClusterError(`${name} failed: ${lastLine(stderr) || lastLine(stdout) || `exit code ${code}`}`);
  return lastLine(stdout);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
