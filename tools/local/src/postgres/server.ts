import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '@tenfold/cluster';
import { makePrivateFolder, writePrivateFile } from '../files/own.ts';
import type { Account, Program } from '../process/launch.ts';
import { run } from '../process/run.ts';
import type { PostgresProgram } from '../programs/postgres.ts';
import { PG_HBA_CONF, postgresqlConf } from './settings.ts';

/** One PostgreSQL server on this machine, running or not. */
export interface PostgresServer {
  /** `postgres-primary`, `postgres-replica-1`, … */
  name: string;
  port: number;
  /** A folder of its own; holds `data` and what belongs to it. */
  folder: string;
  log: string;
  program: PostgresProgram;
  account: Account | undefined;
  durable: boolean;
}

export interface PostgresSecrets {
  superuser: string;
  owner: string;
  api: string;
  replication: string;
}

const ENV = { LC_ALL: 'C', TZ: 'UTC' };

export const dataOf = (server: PostgresServer) => join(server.folder, 'data');
const markerOf = (server: PostgresServer) => join(server.folder, 'complete');

/** Whether the data folder was finished: what an interrupted start left behind is worth nothing. */
export const isComplete = (server: PostgresServer) => existsSync(markerOf(server));

export async function markComplete(server: PostgresServer): Promise<void> {
  await writePrivateFile(markerOf(server), '');
}

/** Empties the server's folder, so that it can be made anew. The server must not be running. */
export async function clear(server: PostgresServer): Promise<void> {
  await rm(markerOf(server), { force: true }); // first: what follows may be interrupted
  await rm(server.folder, { recursive: true, force: true });
  await makePrivateFolder(server.folder, server.account);
}

/** Makes an empty database cluster with a password for the superuser. @throws ClusterError with initdb's own words. */
export async function initialise(server: PostgresServer, superuserPassword: string): Promise<void> {
  await clear(server);
  const passwordFile = join(server.folder, 'superuser-password');
  await writePrivateFile(passwordFile, superuserPassword, server.account);
  const { code, stdout, stderr } = await run({
    command: server.program.initdb,
    args: [
      `--pgdata=${dataOf(server)}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Sorting by code point, the same on every platform and version: a libc's own order breaks indexes when it changes.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      ...(server.durable ? [] : ['--no-sync']),
    ],
    env: ENV,
    account: server.account,
    cwd: server.folder,
  });
  await rm(passwordFile, { force: true });
  if (code !== 0) throw new ClusterError(`initdb failed: ${lastLine(stderr) || lastLine(stdout) || `exit code ${code}`}`);
}

/** Writes the settings that go for the next start. `more` is what a replica alone has. */
export async function configure(server: PostgresServer, more: Readonly<Record<string, string>> = {}): Promise<void> {
  await writePrivateFile(join(dataOf(server), 'postgresql.conf'), postgresqlConf(server, more), server.account);
  await writePrivateFile(join(dataOf(server), 'pg_hba.conf'), PG_HBA_CONF, server.account);
}

export function postgresProgram(server: PostgresServer): Program {
  return {
    name: server.name,
    command: server.program.postgres,
    args: ['-D', dataOf(server)],
    env: ENV,
    account: server.account,
    cwd: server.folder,
    log: server.log,
  };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
