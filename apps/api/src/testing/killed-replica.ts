import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StoreFacts } from '@tenfold/local/testing';
import { type Moment, startPostgresProxy } from './postgres-proxy.ts';
import { replicaEnv, until } from './replica.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A replica as a process of its own, made to be killed; its transactions can be stopped at any statement. */
export async function startDoomedReplica(stores: StoreFacts) {
  const proxy = await startPostgresProxy({ host: '127.0.0.1', port: stores.postgres.primary.port });
  const database = new URL(stores.postgres.primary.apiUrl);
  database.port = String(proxy.port);
  const env = {
    ...(await replicaEnv(stores, 'api-doomed')),
    DATABASE_URL: database.href,
    DATABASE_REPLICA_URLS: '',
    PORT: '0',
    METRICS_PORT: '0',
    LOG_LEVEL: 'info',
    RATE_LIMIT_SCALE: '10000',
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const url = await listeningAt(child);
  await until('the replica is ready', async () => (await fetch(`${url}/ready`)).ok, 60_000);
  return {
    url,
    stopAt: (moment: Moment) => proxy.stopAt(moment),
    /** Lets the transaction that was stopped go on. */
    release: () => proxy.release(),
    /** Freezes it, so that what is sent to it arrives and is never looked at. */
    freeze: () => void child.kill('SIGSTOP'),
    async kill() {
      child.kill('SIGKILL');
      await exited;
      proxy.close();
    },
  };
}
export type DoomedReplica = Awaited<ReturnType<typeof startDoomedReplica>>;

async function listeningAt(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the replica has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /listening at (http:\/\/[0-9.:]+)/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout.resume(); // nobody reads on, and it must not block
    return url;
  }
  throw new Error('the replica ended before it listened');
}
