import { getHeapStatistics } from 'node:v8';
import createError from '@fastify/error';
import underPressure from '@fastify/under-pressure';
import { Counter, type Registry } from '@tenfold/runtime';
import fp from 'fastify-plugin';

const Overloaded = createError('OVERLOADED', 'This replica has more to do than it can', 503);

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False for routes that answer however busy the replica is. */
    shedding?: boolean;
  }
}

interface SheddingOptions {
  /** Milliseconds, on average over a second. */
  maxEventLoopDelay: number;
  metrics: Registry;
}

/** The last line against overload. The edge bounds what comes in; this is for what it can't know: a replica that is slower than the others. */
export const sheddingPlugin = fp<SheddingOptions>(
  async (app, { maxEventLoopDelay, metrics }) => {
    const shed = new Counter({
      name: 'shed_requests_total',
      help: 'Requests refused for overload',
      labelNames: ['reason'],
      registers: [metrics],
    });
    await app.register(underPressure, {
      maxEventLoopDelay,
      maxHeapUsedBytes: getHeapStatistics().heap_size_limit * 0.9,
      pressureHandler(request, _reply, type) {
        if (request.routeOptions.config.shedding === false) return;
        shed.inc({ reason: type });
        throw new Overloaded();
      },
    });
  },
  { name: 'shedding' },
);
