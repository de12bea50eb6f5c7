import { pbkdf2Sync } from 'node:crypto';
import type { Db } from '@tenfold/db';
import fp from 'fastify-plugin';
import type { Redis } from 'ioredis';

/** 5 ms of work in Redis, which does one thing at a time. Its own clock stands still in scripts since 7.2, and before there was no other. */
const BUSY = `
  local clock = rawget(_G, 'os') and os.clock or function() local t = redis.call('TIME') return t[1] + t[2] / 1e6 end
  local began = clock()
  while clock() - began < 0.005 do end
  return 1`;

/** 2 ms of a core: native code that needs no memory, so that it costs the same from the first request on. */
const ROUNDS = 12_000;

const EXPERIMENTS = {
  /** The request costs what a product's own code would, which this one doesn't have. */
  work: () => pbkdf2Sync('work', 'salt', ROUNDS, 32, 'sha256'),
  /** Every request holds the one lock of the whole cluster for 5 ms. */
  'global-lock': ({ db }: Shared) => db.primary.query(`SELECT pg_advisory_xact_lock(hashtext('experiment')), pg_sleep(0.005)`, []),
  /** Every request asks the one Redis for 5 ms of work. */
  'shared-hop': ({ redis }: Shared) => redis.eval(BUSY, 0),
};

interface Shared {
  db: Db;
  redis: Redis;
}

const isExperiment = (name: string): name is keyof typeof EXPERIMENTS => Object.hasOwn(EXPERIMENTS, name);

/**
 * What a request does beside its answer, on request (X-Experiment: names, with commas between): work, and mistakes that keep replicas
 * from doing N times the work of one, which the scaling proof has to find. Only where EXPERIMENTS is set, which is refused in production.
 */
export const experimentsPlugin = fp<Shared>(
  async (app, shared) => {
    app.addHook('preHandler', async ({ headers }, reply) => {
      const names = String(headers['x-experiment'] ?? '')
        .split(/, */)
        .filter(isExperiment);
      if (names.length === 0) return;
      for (const name of names) await EXPERIMENTS[name](shared);
      void reply.header('x-experiment', names.join(', '));
    });
  },
  { name: 'experiments' },
);
