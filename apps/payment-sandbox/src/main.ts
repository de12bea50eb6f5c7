import { ConfigError, createLifecycle, createLogger } from '@tenfold/runtime';
import { buildApp } from './app.ts';
import { createCharges } from './charges.ts';
import { type Config, readConfig } from './config.ts';
import { openLedger } from './ledger.ts';
import { createWebhooks } from './webhooks.ts';

try {
  await main(readConfig());
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`tenfold payment sandbox: ${error instanceof ConfigError ? reason : `can't start: ${reason}`}\n`);
  process.exit(1);
}

async function main(config: Config) {
  const logger = createLogger({ name: 'payment-sandbox', level: config.LOG_LEVEL });
  const lifecycle = createLifecycle({ logger, drainWait: 0, deadline: 5000 });
  const ledger = openLedger(config.DATA_DIR);
  const webhooks = createWebhooks({ url: config.WEBHOOK_URL, secret: config.WEBHOOK_SECRET, delay: config.WEBHOOK_DELAY, ledger, logger });
  const charges = createCharges({ ledger, webhooks, answerDelay: config.ANSWER_DELAY, slowDelay: config.SLOW_DELAY });
  const app = buildApp(ledger, charges, logger);
  lifecycle.onClose('webhooks', async () => webhooks.close());
  lifecycle.onClose('http', () => app.close());
  await app.listen({ host: config.HOST, port: config.PORT, listenTextResolver: (address) => `listening at ${address}` });
  lifecycle.ready();
}
