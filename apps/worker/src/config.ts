import { hostname } from 'node:os';
import { ConfigError, type Environment, parseConfig, secret } from '@tenfold/runtime';
import { type Static, Type } from 'typebox';

const seconds = (fallback: number, description: string) => Type.Number({ minimum: 0.01, default: fallback, description });
const port = (fallback: number, description: string) => Type.Integer({ minimum: 0, maximum: 65_535, default: fallback, description });
const atOnce = (fallback: number, description: string) => Type.Integer({ minimum: 1, maximum: 500, default: fallback, description });
const postgres = { pattern: '^postgres(ql)?://', ...secret };

/** @public docs/configuration.md is made from it. */
export const Schema = Type.Object({
  INSTANCE_NAME: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$', default: hostname(), description: 'Shown in every log line and record' }),
  HOST: Type.String({ default: '127.0.0.1', description: 'Address of /health and /ready' }),
  PORT: port(3100, 'Port of /health and /ready'),
  METRICS_HOST: Type.String({ default: '127.0.0.1', description: 'Address of GET /metrics' }),
  METRICS_PORT: port(9465, 'Port of GET /metrics'),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'The least severe lines to write',
  }),

  DATABASE_URL: Type.String({ description: 'The PostgreSQL primary', ...postgres }),
  DATABASE_REPLICA_URLS: Type.Array(Type.String(postgres), {
    default: [],
    description: 'Its replicas, of which one may become the primary',
    ...secret,
  }),
  REDIS_STATE_URL: Type.String({ pattern: '^rediss?://', description: 'The Redis that has the queues', ...secret }),
  REDIS_CACHE_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://',
      description: 'The Redis that has the cached catalogue, to tell it what can be bought again',
      ...secret,
    }),
  ),
  CACHE_FRESH: seconds(300, 'As the API has it'),
  CACHE_STALE: seconds(600, 'As the API has it'),
  SIGNING_SECRET: Type.String({ minLength: 32, description: 'Signs the tokens in mails; the same as the API has', ...secret }),

  WORKER_MAX_REPLICAS: Type.Integer({ minimum: 1, default: 2, description: 'Worker processes there may ever be at once, surge included' }),
  WORKER_CONNECTIONS: Type.Integer({ minimum: 2, default: 10, description: 'Database connections of all workers together' }),
  DB_POOL_SIZE: Type.Integer({ minimum: 1, default: 4, description: 'Database connections of one worker' }),

  RELAY_LEASE: seconds(10, "Seconds after which what a relay took and did not publish is another one's"),
  RELAY_REPUBLISH: seconds(60, 'Seconds after which what was published and is not done is published again'),
  JOB_LOCK: seconds(10, "Seconds after which a job whose worker gives no sign of life is another one's"),
  PAYMENT_CONCURRENCY: atOnce(32, 'Payments at once'),
  MAIL_CONCURRENCY: atOnce(8, 'Mails at once'),

  PAYMENT_PROVIDER: Type.Enum(['sandbox', 'stripe'], { default: 'sandbox', description: 'Who takes the money; the same as the API has' }),
  PAYMENT_TIMEOUT: seconds(3, 'Seconds that a request to the provider may take'),
  PAYMENT_SANDBOX_URL: Type.String({
    pattern: '^https?://',
    default: 'http://127.0.0.1:4100',
    description: 'Where the payment sandbox is',
  }),
  STRIPE_SECRET_KEY: Type.Optional(Type.String({ minLength: 8, description: 'For the provider `stripe`', ...secret })),
  STRIPE_API_BASE: Type.Optional(Type.String({ pattern: '^https?://', description: "Another address than Stripe's own" })),
  EXPIRY_INTERVAL: seconds(5, 'Seconds between two searches for orders that nobody paid in time'),
  EXPIRY_LEASE: seconds(20, 'Seconds that a worker has to let such an order expire'),

  SMTP_URL: Type.Optional(Type.String({ pattern: '^smtps?://', description: 'The mail server: `smtps://user:password@host`', ...secret })),
  MAIL_DIR: Type.Optional(Type.String({ minLength: 1, description: 'A folder that mails are written to, instead of SMTP_URL' })),
  MAIL_LEASE: seconds(30, 'Seconds that a worker has to send a mail; more than a conversation with a slow mail server takes'),
  MAIL_FROM: Type.String({ default: 'Tenfold <shop@tenfold.example>', description: 'Who mails come from' }),
  PUBLIC_URL: Type.String({ pattern: '^https?://', default: 'http://127.0.0.1:8080', description: 'Where links in mails lead' }),

  DRAIN_WAIT: Type.Number({ minimum: 0, default: 0, description: 'Seconds to go on working after SIGTERM' }),
  DRAIN_PATIENCE: seconds(5, 'Seconds after which jobs under way are told to let go'),
  DRAIN_DEADLINE: seconds(9, 'Seconds after SIGTERM at which the process ends in any case'),
});

export type Config = Static<typeof Schema>;

/** A process holds this many connections besides its pool: the one that watches the server. */
const MONITOR = 1;

/** @throws ConfigError that names every wrong variable. */
export function readConfig(env: Environment = process.env): Config {
  const config = parseConfig(Schema, env);
  const problems = [
    !config.SMTP_URL && !config.MAIL_DIR && 'SMTP_URL is missing (or MAIL_DIR, to write mails to a folder)',
    config.SMTP_URL && config.MAIL_DIR && 'MAIL_DIR and SMTP_URL exclude each other',
    config.PAYMENT_PROVIDER === 'stripe' && !config.STRIPE_SECRET_KEY && 'STRIPE_SECRET_KEY is missing',
    config.WORKER_MAX_REPLICAS * (config.DB_POOL_SIZE + MONITOR) > config.WORKER_CONNECTIONS &&
      `WORKER_CONNECTIONS ${config.WORKER_CONNECTIONS} is less than WORKER_MAX_REPLICAS ${config.WORKER_MAX_REPLICAS} x ` +
        `(DB_POOL_SIZE ${config.DB_POOL_SIZE} + ${MONITOR})`,
  ].filter((problem) => typeof problem === 'string' && problem !== '');
  if (problems.length > 0) throw new ConfigError(problems.map(String));
  return config;
}
