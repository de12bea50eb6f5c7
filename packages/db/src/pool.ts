import { Histogram, type Logger, type Registry } from '@tenfold/runtime';
import pg from 'pg';
import { isConnectionError, PoolExhausted } from './errors.ts';

/** How one process uses one database server. All times in milliseconds. */
export interface PoolOptions {
  /** Connections, kept open when idle; counted against the server's `max_connections` at boot. */
  size: number;
  /** How long a connection lives, give or take 20%: all of them ending in one moment would be a stampede. */
  maxLifetime: number;
  /** How long a request waits for a free connection, or a new connection for its handshake. */
  waitTimeout: number;
  /** How long a statement may run; the server cancels it. */
  statementTimeout: number;
  /** How long a statement waits for a row that another transaction holds. */
  lockTimeout: number;
}

export interface Pool {
  readonly pg: pg.Pool;
  /** Takes a connection, hands it to `work`, and puts it back, or away if it broke. */
  use<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Opens the connections that are not open. @throws why one could not be opened; the others stay. */
  warm(): Promise<void>;
  close(): Promise<void>;
}

/** Beyond its statement's time-out a connection is taken for dead: the server may hang, and then it cancels nothing. */
const QUERY_GRACE = 500;

export function createPool(url: string, applicationName: string, options: PoolOptions, logger: Logger, waits: WaitHistogram): Pool {
  const pool: pg.Pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    keepAlive: true,
    max: options.size,
    min: options.size,
    connectionTimeoutMillis: options.waitTimeout,
    statement_timeout: options.statementTimeout,
    query_timeout: options.statementTimeout + QUERY_GRACE,
    lock_timeout: options.lockTimeout,
    idle_in_transaction_session_timeout: options.statementTimeout * 2,
    options: '-c TimeZone=UTC',
    // pg-pool reads the lifetime anew for each connection, right after this hook.
    onConnect: () => {
      pool.options.maxLifetimeSeconds = jitter(options.maxLifetime) / 1000;
    },
  });
  // Between two statements of ours nobody listens to a connection, and an error that nobody hears ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection broke'));

  const connect = async () => {
    const started = pool.idleCount > 0 ? undefined : performance.now();
    try {
      return await pool.connect();
    } catch (error) {
      if (error instanceof Error && error.message === 'timeout exceeded when trying to connect') {
        throw new PoolExhausted(`no database connection became free in ${options.waitTimeout} ms`, { cause: error });
      }
      throw error;
    } finally {
      if (started !== undefined) waits.observe((performance.now() - started) / 1000);
    }
  };

  return {
    pg: pool,
    async use(work) {
      const client = await connect();
      let broken = false;
      try {
        return await work(client);
      } catch (error) {
        broken = isConnectionError(error);
        throw error;
      } finally {
        client.release(broken);
      }
    },
    async warm() {
      const asked = await Promise.allSettled(Array.from({ length: options.size }, () => pool.connect()));
      // Not before all are there: one that is put back is the one that the next would be given.
      for (const answer of asked) if (answer.status === 'fulfilled') answer.value.release();
      const failed = asked.find((answer) => answer.status === 'rejected');
      if (failed) throw failed.reason;
    },
    close: () => pool.end(),
  };
}

function jitter(value: number): number {
  return value * (0.8 + Math.random() * 0.4);
}

export interface WaitHistogram {
  observe(seconds: number): void;
}

export function createWaitHistogram(registry: Registry) {
  return new Histogram({
    name: 'db_pool_wait_seconds',
    help: 'Time that a request waited for a database connection when none was idle',
    labelNames: ['node'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    registers: [registry],
  });
}
