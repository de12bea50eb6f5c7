import { createHmac } from 'node:crypto';
import { settingsOf, inheritedEnv } from '../config.ts';
import { databaseUrl } from '../postgres/connect.ts';
import { redisUrl } from '../redis/server.ts';
import type { Secrets } from '../state/files.ts';
import type { Ground } from './boot.ts';
import type { ReplicaAddress } from './replica.ts';

/** The whole environment of an API replica: what it needs, and what the person set for it, `settings` since the start. */
export function apiEnvironment(
  ground: Ground,
  address: ReplicaAddress,
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  const { place, stores, secrets, maxReplicas } = ground;
  const given = { ...settingsOf('api'), ...settings };
  return {
    PAYMENT_WEBHOOK_SECRET: webhookSecret(secrets),
    ...given,
    ...common(ground, address),
    // In production the API refuses experiments.
    NODE_ENV: given['EXPERIMENTS'] === undefined ? 'production' : 'development',
    REDIS_CACHE_URL: redisUrl(stores.cache),
    JWT_KEYS_DIR: place.keys,
    TRUSTED_PROXIES: '127.0.0.1/32',
    API_MAX_REPLICAS: String(maxReplicas.api),
  };
}

/** The same of a worker. Mails end up in a folder, unless the person named a mail server. */
export function workerEnvironment(ground: Ground, address: ReplicaAddress): Record<string, string> {
  const { place, ports, settings, maxReplicas } = ground;
  const given = settingsOf('worker');
  return {
    PUBLIC_URL: `http://127.0.0.1:${settings.port}`,
    PAYMENT_SANDBOX_URL: `http://127.0.0.1:${ports.paymentSandbox}`,
    ...(given['SMTP_URL'] === undefined && { MAIL_DIR: place.mail }),
    ...given,
    ...common(ground, address),
    WORKER_MAX_REPLICAS: String(maxReplicas.worker),
  };
}

function common({ stores, secrets }: Ground, { name, port, metricsPort }: ReplicaAddress): Record<string, string> {
  const urlOn = (server: { port: number }) => databaseUrl('tenfold_api', secrets.postgres.api, server.port);
  return {
    ...inheritedEnv(),
    INSTANCE_NAME: name,
    HOST: '127.0.0.1',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DATABASE_URL: urlOn(stores.primary),
    DATABASE_REPLICA_URLS: stores.replicas.map(urlOn).join(','),
    REDIS_STATE_URL: redisUrl(stores.state),
    SIGNING_SECRET: secrets.signing,
  };
}

/** What the payment sandbox signs its events with, and the API checks. */
export function webhookSecret({ signing }: Secrets): string {
  return createHmac('sha256', signing).update('payment-webhook').digest('base64url');
}
