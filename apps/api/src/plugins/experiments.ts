import type { Db } from '@tenfold/db';
import fp from 'fastify-plugin';
import type { Redis } from 'ioredis';

/** 5 ms of work in Redis, which does one thing at a time. Its own clock stands still in scripts since 7.2, and before there was no other. */
const BUSY = `
  local clock = rawget(_G, 'os') and os.clock or function() local t = redis.call('TIME') return t[1] + t[2] / 1e6 end
  local began = clock()
  while clock() - began < 0.005 do end
  return 1`;

const FAULTS = {
  /** Every request holds the one lock of the whole cluster for 5 ms. */
  'global-lock': ({ db }: Shared) => db.primary.query(`SELECT pg_advisory_xact_lock(hashtext('experiment')), pg_sleep(0.005)`, []),
  /** Every request asks the one Redis for 5 ms of work. */
  'shared-hop': ({ redis }: Shared) => redis.eval(BUSY, 0),
};

interface Shared {
  db: Db;
  redis: Redis;
}

const isFault = (name: unknown): name is keyof typeof FAULTS => typeof name === 'string' && Object.hasOwn(FAULTS, name);

/**
 * Mistakes that keep replicas from doing N times the work of one, made on request (X-Experiment): the scaling proof has
 * to find them. Only where EXPERIMENTS is set, which is refused in production.
 */
export const experimentsPlugin = fp<Shared>(
  async (app, shared) => {
    app.addHook('preHandler', async ({ headers }, reply) => {
      const name = headers['x-experiment'];
      if (!isFault(name)) return;
      await FAULTS[name](shared);
      void reply.header('x-experiment', name);
    });
  },
  { name: 'experiments' },
);
