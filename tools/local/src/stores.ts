import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { PostgresSecrets, PostgresServer } from './postgres/server.ts';
import type { Account } from './process/launch.ts';
import type { PostgresProgram } from './programs/postgres.ts';
import type { RedisProgram } from './programs/redis.ts';
import type { RedisName, RedisServer } from './redis/server.ts';
import type { Ports } from './state/ports.ts';

export interface StoreSecrets {
  postgres: PostgresSecrets;
  redis: { cache: string; state: string };
}

export interface Stores {
  primary: PostgresServer;
  replicas: PostgresServer[];
  cache: RedisServer;
  state: RedisServer;
  secrets: StoreSecrets;
}

interface StoresOptions {
  folder: string;
  logs: string;
  ports: Ports;
  replicas: number;
  programs: { postgres: PostgresProgram; redis: RedisProgram };
  account: Account | undefined;
  secrets: StoreSecrets;
  durable: boolean;
}

/** All stores of a cluster, as they shall be; starts nothing. */
export function describeStores({ folder, logs, ports, replicas, programs, account, secrets, durable }: StoresOptions): Stores {
  const shared = (name: string) => ({ folder: join(folder, name), log: join(logs, `${name}.log`), account });
  const postgres = (name: string, port: number): PostgresServer => ({ ...shared(name), name, port, program: programs.postgres, durable });
  const redis = (name: RedisName, port: number, password: string): RedisServer => ({
    ...shared(name),
    name,
    port,
    program: programs.redis,
    password,
  });
  return {
    primary: postgres('postgres-primary', ports.postgresPrimary),
    replicas: Array.from({ length: replicas }, (_, index) => postgres(`postgres-replica-${index + 1}`, ports.postgresReplica(index + 1))),
    cache: redis('redis-cache', ports.redisCache, secrets.redis.cache),
    state: redis('redis-state', ports.redisState, secrets.redis.state),
    secrets,
  };
}

export function makeStoreSecrets(): StoreSecrets {
  return {
    postgres: { superuser: makePassword(), owner: makePassword(), api: makePassword(), replication: makePassword() },
    redis: { cache: makePassword(), state: makePassword() },
  };
}

/** 192 bits, in characters that need no quoting in a URL or a file. */
function makePassword(): string {
  return randomBytes(24).toString('base64url');
}
