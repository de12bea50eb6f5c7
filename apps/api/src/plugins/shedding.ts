import { getHeapStatistics } from 'node:v8';
import createError from '@fastify/error';
import underPressure, { TYPE_EVENT_LOOP_DELAY } from '@fastify/under-pressure';
import { Counter, type Registry } from '@tenfold/runtime';
import fp from 'fastify-plugin';

const Overloaded = createError('OVERLOADED', 'This replica has more to do than it can', 503);

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False for routes that answer however busy the replica is. */
    shedding?: boolean;
  }
}

/** Milliseconds between two measurements. */
const SAMPLE_INTERVAL = 1000;

/**
 * Milliseconds after it began to listen for which a replica's measurements still are about its boot, which blocks the event
 * loop for longer than any load does: without this a fresh replica on a slow machine refuses its first requests.
 */
const BOOT = 2 * SAMPLE_INTERVAL;

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
    let listensSince = Infinity;
    app.addHook('onListen', async () => {
      listensSince = performance.now();
    });
    await app.register(underPressure, {
      sampleInterval: SAMPLE_INTERVAL,
      maxEventLoopDelay,
      maxHeapUsedBytes: getHeapStatistics().heap_size_limit * 0.9,
      pressureHandler(request, _reply, type) {
        if (request.routeOptions.config.shedding === false) return;
        if (type === TYPE_EVENT_LOOP_DELAY && !(performance.now() - listensSince > BOOT)) return;
        shed.inc({ reason: type });
        throw new Overloaded();
      },
    });
  },
  { name: 'shedding' },
);
