import { ConfigError, createLifecycle, createLogger, createMetrics, serveMetrics } from '@tenfold/runtime';
import { type Config, readConfig } from './config.ts';
import { closeDeps, openDeps } from './deps.ts';
import { serveHealth } from './health.ts';
import { startWorker } from './worker.ts';

/** Milliseconds that a starting worker waits for a database to answer. */
const DATABASE_PATIENCE = 30_000;

try {
  await main(readConfig());
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`tenfold worker: ${error instanceof ConfigError ? reason : `can't start: ${reason}`}\n`);
  process.exit(1);
}

async function main(config: Config) {
  const logger = createLogger({ name: config.INSTANCE_NAME, level: config.LOG_LEVEL });
  const metrics = createMetrics({ instance_name: config.INSTANCE_NAME });
  const lifecycle = createLifecycle({ logger, drainWait: config.DRAIN_WAIT * 1000, deadline: config.DRAIN_DEADLINE * 1000 });
  const deps = openDeps(config, logger, metrics);
  const degraded = () => deps.db.health().degraded || deps.producer.status !== 'ready';
  const health = await serveHealth({ state: () => lifecycle.state, degraded }, config.HOST, config.PORT);
  const metricsServer = await serveMetrics(metrics, config.METRICS_HOST, config.METRICS_PORT);

  await deps.db.connect(DATABASE_PATIENCE);
  const worker = startWorker(deps, config);
  lifecycle.onClose('work', () => worker.close());
  lifecycle.onClose('connections', () => closeDeps(deps));
  lifecycle.onClose('servers', async () => void [health.close(), metricsServer.close()]);
  lifecycle.ready();
  logger.info('ready');
}
