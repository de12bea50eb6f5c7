import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ClusterError } from '@tenfold/cluster';
import { inheritedEnv, settingsOf } from './config.ts';
import { run } from './process/run.ts';

const TOOLS = {
  migrate: 'packages/db/src/migrate/main.ts',
  seed: 'packages/db/src/seed/main.ts',
  accounts: 'packages/auth/src/accounts/main.ts',
  'rotate-keys': 'packages/auth/src/rotate-keys/main.ts',
} as const;

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** An account that shall be there when the cluster is. */
export interface Account {
  email: string;
  password: string;
  role: 'admin' | 'staff';
}

/** Brings the schema up to date. @returns what it did, in a line. @throws ClusterError with the tool's last line. */
export async function migrate(ownerUrl: string, signal?: AbortSignal): Promise<string> {
  return appTool('migrate', { DATABASE_URL: ownerUrl }, signal);
}

/** Fills in the catalogue, where it isn't yet. @returns what it did, in a line. @throws ClusterError with the tool's last line. */
export async function seed(ownerUrl: string, signal?: AbortSignal): Promise<string> {
  return appTool('seed', { DATABASE_URL: ownerUrl }, signal);
}

/** Makes the accounts that aren't there, and puts right the passwords and roles of the others. @throws ClusterError */
export async function ensureAccounts(ownerUrl: string, accounts: readonly Account[], signal?: AbortSignal): Promise<void> {
  await appTool('accounts', { DATABASE_URL: ownerUrl, ACCOUNTS: JSON.stringify(accounts) }, signal);
}

/** Adds a signing key to the folder and removes those that no live token was signed with. @returns the new key's id. @throws ClusterError */
export async function rotateKeys(folder: string, signal?: AbortSignal): Promise<string> {
  return appTool('rotate-keys', { ...settingsOf('api'), JWT_KEYS_DIR: folder }, signal);
}

/** Tools include no app code: these run as processes, the way that a deployment runs them. */
async function appTool(name: keyof typeof TOOLS, env: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<string> {
  const entry = TOOLS[name];
  if (!existsSync(`${ROOT}/${entry}`)) throw new ClusterError(`${entry} is missing from this checkout.`);
  const { code, stdout, stderr } = await run(
    { command: process.execPath, args: [entry], env: { ...inheritedEnv(), ...env }, cwd: ROOT },
    { signal },
  );
  if (code !== 0) throw new ClusterError(`${name} failed: ${lastLine(stderr) || lastLine(stdout) || `exit code ${code}`}`);
  return lastLine(stdout);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
