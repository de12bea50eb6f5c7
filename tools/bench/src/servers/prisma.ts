/** Fastify with one Prisma query a request, prepared by the adapter. */
import { createDb } from '@tenfold/db';
import { createLogger, createMetrics } from '@tenfold/runtime';
import Fastify from 'fastify';
import { readConfig } from '../config.ts';
import { listen } from './listen.ts';

const pool = { size: 5, maxLifetime: 600_000, waitTimeout: 1000, lockTimeout: 1000, statementTimeout: 5000 };
const db = createDb({
  servers: [{ name: 'postgres', url: readConfig().DATABASE_URL }],
  applicationName: 'bench',
  pools: { primary: pool, replica: pool },
  budget: { apiMaxReplicas: 1, workers: 0, reserve: 0 },
  pollInterval: 1000,
  maxLag: 60_000,
  logger: createLogger({ name: 'bench', level: 'silent' }),
  metrics: createMetrics({}),
});
await db.connect(10_000);
const { value: prisma } = await db.replica().snapshot(async (node) => ({ client: node.prisma }));
const app = Fastify();

app.get<{ Params: { id: string } }>('/product/:id', ({ params }) => prisma.client.product.findUnique({ where: { id: params.id } }));
app.get<{ Querystring: { from: string } }>('/products', ({ query }) =>
  prisma.client.product.findMany({
    where: { priceAmount: { gte: Number(query.from) } },
    orderBy: [{ priceAmount: 'asc' }, { id: 'asc' }],
    take: 20,
  }),
);
await app.ready();
listen(app.server);
