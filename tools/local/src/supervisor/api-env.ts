import { apiEnv, inheritedEnv } from '../config.ts';
import { databaseUrl } from '../postgres/connect.ts';
import { redisUrl } from '../redis/server.ts';
import type { ReplicaAddress } from './api-replica.ts';
import type { Ground } from './boot.ts';

/** The whole environment of an API replica: what it needs, and what the person set for it. */
export function environmentOf({ place, stores, secrets, maxReplicas }: Ground, { name, port, metricsPort }: ReplicaAddress) {
  const urlOn = (server: { port: number }) => databaseUrl('tenfold_api', secrets.postgres.api, server.port);
  return {
    LOG_LEVEL: 'info',
    ...inheritedEnv(),
    ...apiEnv(),
    NODE_ENV: 'production',
    INSTANCE_NAME: name,
    HOST: '127.0.0.1',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DATABASE_URL: urlOn(stores.primary),
    DATABASE_REPLICA_URLS: stores.replicas.map(urlOn).join(','),
    REDIS_CACHE_URL: redisUrl(stores.cache),
    REDIS_STATE_URL: redisUrl(stores.state),
    SIGNING_SECRET: secrets.signing,
    JWT_KEYS_DIR: place.keys,
    TRUSTED_PROXIES: '127.0.0.1/32',
    API_MAX_REPLICAS: String(maxReplicas),
  };
}
