import { Counter, Histogram, type Registry } from '@tenfold/runtime';
import fp from 'fastify-plugin';

/** Seconds; the objectives (50 ms for a cached read, 250 ms for the rest) are bounds of buckets, so that alerts on them are exact. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** An answer that lasts as long as its client likes: how long is no measure of anything. */
    stream?: boolean;
  }
}

/** `http_requests_total` and `http_request_duration_seconds`, by method, route pattern and status. */
export const httpMetricsPlugin = fp<{ metrics: Registry }>(
  async (app, { metrics }) => {
    const labelNames = ['method', 'route', 'status'];
    const requests = new Counter({ name: 'http_requests_total', help: 'Requests answered', labelNames, registers: [metrics] });
    const durations = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the request to the end of its answer',
      labelNames,
      buckets: BUCKETS,
      registers: [metrics],
    });
    // Looking labels up costs more than counting: once for each combination is enough.
    const children = new Map<string, { inc(): void; observe(seconds: number): void }>();
    const child = (method: string, route: string, status: number) => {
      const key = `${method} ${status} ${route}`;
      let found = children.get(key);
      if (!found) {
        const counter = requests.labels(method, route, String(status));
        const histogram = durations.labels(method, route, String(status));
        found = { inc: () => counter.inc(), observe: (value) => histogram.observe(value) };
        children.set(key, found);
      }
      return found;
    };

    app.addHook('onResponse', (request, reply, done) => {
      const counted = child(request.method, request.routeOptions.url ?? 'none', reply.statusCode);
      counted.inc();
      if (!request.routeOptions.config.stream) counted.observe(reply.elapsedTime / 1000);
      done();
    });
  },
  { name: 'http-metrics' },
);
