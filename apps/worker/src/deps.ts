import { hkdfSync } from 'node:crypto';
import { createCache, createRedisRemote } from '@tenfold/cache';
import { createDb } from '@tenfold/db';
import { createSandboxProvider, createStripeProvider, type PaymentProvider, withBreaker } from '@tenfold/payments';
import { createConsumerRedis, createProducerRedis } from '@tenfold/queue';
import type { Logger, Registry } from '@tenfold/runtime';
import type { Config } from './config.ts';
import { createFolderMailer, createSmtpMailer, type Mailer } from './mail/mailer.ts';
import type { Deps } from './worker.ts';

/** Clients of all that a worker depends on, none of them connected yet. */
export function openDeps(config: Config, logger: Logger, metrics: Registry): Deps {
  return {
    db: openDb(config, logger, metrics),
    producer: createProducerRedis(config.REDIS_STATE_URL, `${config.INSTANCE_NAME} producer`, logger),
    consumer: createConsumerRedis(config.REDIS_STATE_URL, `${config.INSTANCE_NAME} consumer`, logger),
    ...openCache(config, logger, metrics),
    provider: withBreaker(openProvider(config), logger, metrics),
    mailer: openMailer(config, logger),
    mailTokenKey: Buffer.from(hkdfSync('sha256', config.SIGNING_SECRET, '', 'mail-token', 32)),
    logger,
    metrics,
  };
}

export async function closeDeps({ db, producer, consumer, cache, cacheRedis, mailer }: Deps): Promise<void> {
  await cache?.close();
  cacheRedis?.disconnect();
  producer.disconnect();
  consumer.disconnect();
  mailer.close();
  await db.close();
}

/** With its connection, which it does not close itself. */
function openCache({ REDIS_CACHE_URL, INSTANCE_NAME }: Config, logger: Logger, metrics: Registry): Pick<Deps, 'cache' | 'cacheRedis'> {
  if (REDIS_CACHE_URL === undefined) return { cache: undefined, cacheRedis: undefined };
  const cacheRedis = createProducerRedis(REDIS_CACHE_URL, `${INSTANCE_NAME} cache`, logger);
  return { cache: createCache({ remote: createRedisRemote(cacheRedis, 'tenfold:', logger), logger, metrics }), cacheRedis };
}

function openDb(config: Config, logger: Logger, metrics: Registry) {
  const pool = {
    maxLifetime: 1_800_000,
    waitTimeout: 5000,
    statementTimeout: 10_000,
    lockTimeout: 5000,
  };
  return createDb({
    servers: [config.DATABASE_URL, ...config.DATABASE_REPLICA_URLS].map((url, index) => ({ name: `postgres-${index}`, url })),
    applicationName: config.INSTANCE_NAME,
    // A worker reads from the primary alone: what it decides, it writes.
    pools: { primary: { ...pool, size: config.DB_POOL_SIZE }, replica: { ...pool, size: 1 } },
    // Each API process counts all workers in; what is left to check here is that they keep to their share, which the configuration does.
    budget: { apiMaxReplicas: 1, workers: 0, reserve: 0 },
    pollInterval: 500,
    maxLag: 1000,
    logger,
    metrics,
  });
}

function openProvider(config: Config): PaymentProvider {
  const timeout = config.PAYMENT_TIMEOUT * 1000;
  if (config.PAYMENT_PROVIDER === 'sandbox') return createSandboxProvider({ url: config.PAYMENT_SANDBOX_URL, timeout });
  return createStripeProvider({ secretKey: config.STRIPE_SECRET_KEY ?? '', timeout, apiBase: config.STRIPE_API_BASE });
}

function openMailer({ MAIL_DIR, SMTP_URL, MAIL_FROM }: Config, logger: Logger): Mailer {
  return MAIL_DIR ? createFolderMailer(MAIL_DIR, MAIL_FROM) : createSmtpMailer(SMTP_URL ?? '', MAIL_FROM, logger);
}
