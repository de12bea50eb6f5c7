import { setFlagsFromString } from 'node:v8';
import { ConfigError, createLifecycle, createLogger, createMetrics, serveMetrics } from '@tenfold/runtime';
import { buildApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { openDeps } from './deps.ts';

/** Milliseconds that a starting replica waits for a database to answer. */
const DATABASE_PATIENCE = 30_000;

try {
  await main(readConfig());
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`tenfold api: ${error instanceof ConfigError ? reason : `can't start: ${reason}`}\n`);
  process.exit(1);
}

async function main(config: Config) {
  if (config.V8_COMPILER === 'baseline') for (const flag of ['--no-maglev', '--no-turbofan']) setFlagsFromString(flag);
  const logger = createLogger({ name: config.INSTANCE_NAME, level: config.LOG_LEVEL });
  const metrics = createMetrics({ instance_name: config.INSTANCE_NAME });
  const lifecycle = createLifecycle({ logger, drainWait: config.DRAIN_WAIT * 1000, deadline: config.DRAIN_DEADLINE * 1000 });
  const deps = await openDeps(config, logger, metrics);
  const app = await buildApp({ ...deps, lifecycle, logger, metrics }, config);
  const metricsServer = await serveMetrics(metrics, config.METRICS_HOST, config.METRICS_PORT);
  lifecycle.onClose('http', () => app.close());
  lifecycle.onClose('redis', () => deps.close());
  lifecycle.onClose('metrics', async () => void metricsServer.close());

  await deps.db.connect(DATABASE_PATIENCE);
  await deps.auth.revocations.start();
  // Only now: an edge that knows no health checks takes a port that is open for a replica that serves.
  await app.listen({ host: config.HOST, port: config.PORT, listenTextResolver: (address) => `listening at ${address}` });
  lifecycle.ready();
  logger.info('ready');
}
