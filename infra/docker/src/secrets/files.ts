import type { Master } from './master.ts';

/** What each volume holds, by path: `volume/file`. A service mounts the volumes that it needs and no other. */
export function filesOf(master: Master): Record<string, string> {
  const admin = { email: 'admin@tenfold.example', password: master.adminPassword };
  const staff = { email: 'staff@tenfold.example', password: master.staffPassword };
  return {
    'postgres/superuser': master.postgresSuperuser,
    'postgres/owner': master.postgresOwner,
    'postgres/api': master.postgresApi,
    'replication/password': master.postgresReplication,
    'redis-cache/password': master.redisCache,
    'redis-cache/auth.conf': `requirepass ${master.redisCache}\n`,
    'redis-state/password': master.redisState,
    'redis-state/auth.conf': `requirepass ${master.redisState}\n`,
    // The name of all servers: who is the primary is found out when something is to be written.
    'owner/database-url': database('tenfold_owner', master.postgresOwner, 'database'),
    'api/database-url': database('tenfold_api', master.postgresApi, 'postgres'),
    'api/database-replica-urls': database('tenfold_api', master.postgresApi, 'postgres-replica'),
    'api/redis-cache-url': redis(master.redisCache, 'redis-cache'),
    'api/redis-state-url': redis(master.redisState, 'redis-state'),
    'api/signing-secret': master.signing,
    'api/payment-webhook-secret': master.paymentWebhook,
    'worker/database-url': database('tenfold_api', master.postgresApi, 'postgres'),
    'worker/database-replica-urls': database('tenfold_api', master.postgresApi, 'postgres-replica'),
    'worker/redis-state-url': redis(master.redisState, 'redis-state'),
    'worker/signing-secret': master.signing,
    'payments/webhook-secret': master.paymentWebhook,
    'accounts/credentials.json': JSON.stringify({ admin, staff }),
    'accounts/accounts.json': JSON.stringify([
      { ...admin, role: 'admin' },
      { ...staff, role: 'staff' },
    ]),
  };
}

function database(role: string, password: string, host: string): string {
  return `postgresql://${role}:${password}@${host}:5432/tenfold`;
}

function redis(password: string, host: string): string {
  return `redis://:${password}@${host}:6379`;
}
