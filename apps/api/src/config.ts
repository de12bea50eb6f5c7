import { hostname } from 'node:os';
import { ConfigError, type Environment, parseConfig, secret } from '@tenfold/runtime';
import { type Static, Type } from 'typebox';

const seconds = (fallback: number, description: string) => Type.Number({ minimum: 0.01, default: fallback, description });
const port = (fallback: number, description: string) => Type.Integer({ minimum: 0, maximum: 65_535, default: fallback, description });
const connections = (minimum: number, fallback: number, description: string) => Type.Integer({ minimum, default: fallback, description });

const postgres = { pattern: '^postgres(ql)?://', ...secret };
const redis = { pattern: '^rediss?://', ...secret };

/** @public docs/configuration.md is made from it. */
export const Schema = Type.Object({
  NODE_ENV: Type.Enum(['production', 'development', 'test'], { default: 'production', description: 'What libraries go by' }),
  V8_COMPILER: Type.Enum(['optimizing', 'baseline'], {
    default: 'optimizing',
    description: 'How far hot code is compiled; with `baseline` it is slower, and the same from the first request on',
  }),
  INSTANCE_NAME: Type.String({
    pattern: '^[A-Za-z0-9._-]{1,64}$',
    default: hostname(),
    description: 'Shown in X-Served-By and in every log line',
  }),
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
  PORT: port(3000, 'Port of the API'),
  METRICS_HOST: Type.String({ default: '127.0.0.1', description: 'The edge never publishes this one' }),
  METRICS_PORT: port(9464, 'Port of GET /metrics'),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'The least severe lines to write',
  }),

  DATABASE_URL: Type.String({ description: 'The PostgreSQL primary', ...postgres }),
  DATABASE_REPLICA_URLS: Type.Array(Type.String(postgres), {
    default: [],
    description: 'Its streaming replicas; a host name stands for all of its addresses',
    ...secret,
  }),
  REDIS_CACHE_URL: Type.String({ description: 'The Redis that may lose everything: cached catalogue', ...redis }),
  REDIS_STATE_URL: Type.String({ description: 'The Redis that keeps what it has on disk', ...redis }),

  SIGNING_SECRET: Type.String({
    minLength: 32,
    description: 'Signs cursors, consistency tokens and refresh tokens; the same in all replicas',
    ...secret,
  }),
  JWT_KEYS_DIR: Type.String({
    minLength: 1,
    description: 'Folder of the keys that access tokens are signed with; the same in all replicas',
  }),
  JWT_ISSUER: Type.String({ minLength: 1, default: 'tenfold', description: 'The `iss` of access tokens' }),
  JWT_AUDIENCE: Type.String({ minLength: 1, default: 'tenfold-api', description: 'Their `aud`' }),
  JWT_CACHE_SIZE: Type.Integer({
    minimum: 0,
    default: 10_000,
    description: 'Access tokens whose signature need not be checked again, kept in memory; 0 checks each one each time',
  }),
  ACCESS_TOKEN_LIFETIME: seconds(600, 'Seconds an access token is good for'),
  SESSION_LIFETIME: seconds(604_800, 'Seconds after its last use at which a session ends'),
  PASSWORD_QUEUE: Type.Integer({ minimum: 1, default: 50, description: 'Passwords that may wait to be hashed; more are refused' }),

  RATE_LIMIT_WINDOW: seconds(900, 'Seconds over which sign-ins, registrations, refreshes and new guests are counted'),
  RATE_LIMIT_SIGN_INS_PER_IP: Type.Integer({ minimum: 1, default: 100, description: 'Requests of those of one address in that window' }),
  RATE_LIMIT_SIGN_INS_PER_ACCOUNT: Type.Integer({ minimum: 1, default: 10, description: 'Failures at one account in that window' }),
  RATE_LIMIT_WRITES: Type.Integer({
    minimum: 1,
    default: 300,
    description: 'Writes of one customer in a minute; staff have ten times that',
  }),
  RATE_LIMIT_GUEST_CARTS: Type.Integer({
    minimum: 1,
    default: 200,
    description: 'Carts that guests of one address may begin in RATE_LIMIT_WINDOW',
  }),
  RATE_LIMIT_SCALE: Type.Number({ exclusiveMinimum: 0, default: 1, description: 'Multiplies all limits, for tests under load' }),

  PAYMENT_PROVIDER: Type.Enum(['sandbox', 'stripe'], {
    default: 'sandbox',
    description: 'Who takes the money for orders placed from now on',
  }),
  PAYMENT_WEBHOOK_SECRET: Type.Optional(
    Type.String({ minLength: 16, description: 'Signs the webhooks of that provider; without it none are taken', ...secret }),
  ),
  RESERVATION_MINUTES: Type.Number({ minimum: 0.01, default: 15, description: 'Minutes for which an unpaid order keeps its stock' }),

  LIVE_MAX_STREAMS: Type.Integer({ minimum: 1, default: 5000, description: 'Live streams that this process holds open; more are refused' }),
  LIVE_MAX_STREAMS_PER_USER: Type.Integer({ minimum: 1, default: 10, description: 'Of these, those of one account' }),
  LIVE_HEARTBEAT: seconds(25, "Seconds between two signs of life on a live stream; well below the edge's 60 s for them"),

  TRUSTED_PROXIES: Type.Array(Type.String(), {
    default: ['127.0.0.1/32'],
    description: 'CIDRs of the edge: whose X-Forwarded-* is believed',
  }),
  CORS_ORIGINS: Type.Array(Type.String({ pattern: '^https?://[^/]+$' }), {
    default: [],
    description: 'Origins whose pages may call the API',
  }),

  API_MAX_REPLICAS: Type.Integer({ minimum: 1, default: 12, description: 'API processes there may ever be at once, surge included' }),
  WORKER_CONNECTIONS: Type.Integer({ minimum: 0, default: 10, description: 'Database connections of all workers together' }),
  DB_RESERVE: Type.Integer({ minimum: 0, default: 8, description: 'Database connections left for migrations, backups and people' }),

  DB_PRIMARY_POOL_SIZE: connections(1, 5, 'Connections to the primary'),
  DB_PRIMARY_STATEMENT_TIMEOUT: seconds(5, 'Seconds a statement on the primary may run'),
  DB_REPLICA_POOL_SIZE: connections(1, 5, 'Connections to each replica'),
  DB_REPLICA_STATEMENT_TIMEOUT: seconds(1, "Seconds a statement on a replica may run; with its grace below the edge's 3 s for reads"),
  DB_LOCK_TIMEOUT: seconds(2, 'Seconds a statement waits for a lock'),
  DB_POOL_WAIT: seconds(1, 'Seconds a request waits for a connection'),
  WRITE_PATIENCE: seconds(3, "Seconds after which an order or another keyed write is given up; with its last lock below the edge's 5 s"),
  DB_POOL_LIFETIME: seconds(1800, 'Seconds a connection lives, give or take a fifth'),
  DB_POLL_INTERVAL: seconds(0.25, 'Seconds between two looks at the role and position of a server'),
  DB_MAX_LAG: seconds(1, 'Seconds a replica may be behind before reads leave it out'),

  CACHE_FRESH: seconds(300, 'Seconds an entry is served without asking, give or take a tenth'),
  CACHE_STALE: seconds(600, 'Seconds after that for which it is served when the database is slow or gone'),
  CACHE_L1_MEGABYTES: Type.Number({ minimum: 1, default: 64, description: 'Megabytes of entries each replica keeps in memory' }),

  DRAIN_WAIT: seconds(5, 'Seconds to go on serving after SIGTERM: longer than the edge keeps an idle connection'),
  DRAIN_DEADLINE: seconds(9, 'Seconds after SIGTERM at which the process ends in any case'),
  MAX_EVENT_LOOP_DELAY: seconds(1, 'Mean event-loop delay in seconds above which requests are refused'),
  EXPERIMENTS: Type.Boolean({
    default: false,
    description: 'Obeys X-Experiment, which slows requests down on purpose for `npm run prove`; refused in production',
  }),
});

export type Config = Static<typeof Schema>;

/** @throws ConfigError that names every wrong variable. */
export function readConfig(env: Environment = process.env): Config {
  const config = parseConfig(Schema, env);
  if (config.NODE_ENV === 'production' && isGuessable(config.SIGNING_SECRET)) {
    throw new ConfigError(['SIGNING_SECRET can be guessed: make one with `openssl rand -base64 48`']);
  }
  if (config.NODE_ENV === 'production' && config.EXPERIMENTS) throw new ConfigError(['EXPERIMENTS must not be set in production']);
  return config;
}

/** Random text of 32 characters has at least 16 different ones, and no words of people. */
function isGuessable(text: string): boolean {
  return new Set(text).size < 12 || /secret|password|change|example|default|tenfold/i.test(text);
}
