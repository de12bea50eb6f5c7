import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rotateKeys } from '@tenfold/auth';
import { startTestStores, type StoreFacts } from '@tenfold/local/testing';
import pg from 'pg';
import { inheritedEnv } from './config.ts';
import { type Server, startServer } from './server.ts';

const at = (path: string) => new URL(`../../../${path}`, import.meta.url);

export type Servers = Record<'bare' | 'api' | 'api-uncached' | 'fastify' | 'pg' | 'prisma', Server>;

/** Everything that is measured, over stores of its own with the seeded catalogue. */
export async function startServers(report: (step: string) => void) {
  const folder = await mkdtemp(join(tmpdir(), 'tenfold-bench-'));
  report('starting PostgreSQL and Redis');
  const stores = await startTestStores({ replicas: 1 });
  const started: Server[] = [];
  const close = async () => {
    await Promise.all(started.map((server) => server.stop()));
    await stores.close();
    await rm(folder, { recursive: true });
  };
  try {
    report('seeding 10,000 products');
    const { facts } = stores;
    const env = { ...inheritedEnv(), DATABASE_URL: facts.postgres.primary.ownerUrl };
    await promisify(execFile)(process.execPath, [fileURLToPath(at('packages/db/src/seed/main.ts'))], { env });
    await rotateKeys(folder, 600_000);

    report('starting the servers');
    const keep = async (server: Promise<Server>) => {
      started.push(await server);
      return server;
    };
    const reads = { DATABASE_URL: facts.postgres.primary.apiUrl };
    // Entries that are never fresh: each read goes through both tiers to the database and back.
    const uncached = { CACHE_FRESH: '0.01', CACHE_STALE: '0.01' };
    const servers: Servers = {
      bare: await keep(startServer(at('tools/bench/src/servers/bare.ts'), {})),
      api: await keep(startApi(facts, folder, {})),
      'api-uncached': await keep(startApi(facts, folder, uncached)),
      fastify: await keep(startServer(at('tools/bench/src/servers/fastify.ts'), {})),
      pg: await keep(startServer(at('tools/bench/src/servers/pg.ts'), reads)),
      prisma: await keep(startServer(at('tools/bench/src/servers/prisma.ts'), reads)),
    };
    return { servers, ids: await productIds(facts), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One replica. @param keys folder of its signing keys. */
export async function startApi({ postgres, redis }: StoreFacts, keys: string, settings: Record<string, string>): Promise<Server> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const env = {
    NODE_ENV: 'production',
    INSTANCE_NAME: 'api-1',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DATABASE_URL: postgres.primary.apiUrl,
    DATABASE_REPLICA_URLS: postgres.replicas.map(({ apiUrl }) => apiUrl).join(),
    REDIS_CACHE_URL: redis.cache.url,
    REDIS_STATE_URL: redis.state.url,
    SIGNING_SECRET: randomBytes(48).toString('base64'),
    JWT_KEYS_DIR: keys,
    API_MAX_REPLICAS: '3',
    ...settings,
  };
  return startServer(at('apps/api/src/main.ts'), env, `http://127.0.0.1:${port}`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (typeof address !== 'object' || !address) throw new Error('no free port');
  return address.port;
}

async function productIds({ postgres }: StoreFacts): Promise<string[]> {
  const client = new pg.Client({ connectionString: postgres.primary.apiUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>('SELECT id FROM products ORDER BY slug LIMIT 1000');
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}
