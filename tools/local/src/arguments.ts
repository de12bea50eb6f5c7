import { parseArgs } from 'node:util';
import { UsageError } from '@tenfold/cluster';
import type { StartOptions } from './supervisor/boot.ts';

export type Invocation =
  | { command: 'help' }
  | { command: 'stop'; reset: boolean }
  | { command: 'start'; detach: boolean; options: StartOptions };

export const HELP = `Starts and ends the local cluster of this checkout.

  npm start -- [--scale api=3] [--scale worker=1] [--scale replica=2] [--port 8080] [--detach] [--reset]
  npm stop  -- [--reset]

  --scale api=N       API replicas (default 3); change it later with: npm run cluster -- scale api=N
  --scale worker=M    workers (default 1); change it later like the API's
  --scale replica=R   database replicas (default 2)
  --port PORT         where the edge listens on 127.0.0.1 (default: as last time, else 8080)
  --detach            returns when the cluster is ready; it goes on in the background
  --reset             deletes all data, before the start or after the stop

  TENFOLD_DIR         state directory (default .tenfold): another one is another cluster
  API_MAX_REPLICAS, WORKER_MAX_REPLICAS
                      the most API replicas and workers there may be (default 12 and 2)
  EDGE_…              settings of the edge
  LOG_LEVEL, MAX_EVENT_LOOP_DELAY, ACCESS_TOKEN_LIFETIME, SESSION_LIFETIME, PASSWORD_QUEUE, RESERVATION_MINUTES, EXPERIMENTS,
  API_…, CACHE_…, CORS_…, DB_…, DRAIN_…, JWT_…, LIVE_…, PAYMENT_…, RATE_LIMIT_…
                      settings of the API replicas
  SMTP_URL, PUBLIC_URL, EXPIRY_…, JOB_…, MAIL_…, PAYMENT_…, RELAY_…, STRIPE_…, WORKER_…
                      settings of the workers
  ANSWER_DELAY, SLOW_DELAY, WEBHOOK_DELAY
                      settings of the payment sandbox

  exit codes: 0 ok, 1 failed, 2 wrong usage`;

const DEFAULTS = { api: 3, worker: 1, replica: 2 };

/** @param argv `start …` or `stop …`. @throws UsageError */
export function parseInvocation(argv: readonly string[]): Invocation {
  const [command, ...rest] = argv;
  if (command !== 'start' && command !== 'stop') throw new UsageError('The first argument must be start or stop.');
  const { values } = parse(rest);
  if (values.help) return { command: 'help' };
  if (command === 'stop') {
    const unwanted = Object.keys(values).find((name) => name !== 'reset');
    if (unwanted !== undefined) throw new UsageError(`stop takes no --${unwanted}.`);
    return { command, reset: values.reset ?? false };
  }
  const scale = parseScale(values.scale ?? []);
  return {
    command,
    detach: values.detach ?? false,
    options: { api: scale.api, workers: scale.worker, replicas: scale.replica, port: parsePort(values.port), reset: values.reset ?? false },
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        scale: { type: 'string', multiple: true },
        port: { type: 'string' },
        detach: { type: 'boolean' },
        reset: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseScale(given: readonly string[]): typeof DEFAULTS {
  const scale = { ...DEFAULTS };
  for (const text of given) {
    const [, service, count] = /^(api|worker|replica)=(\d{1,3})$/.exec(text) ?? [];
    if (service === 'api' && Number(count) >= 1) scale.api = Number(count);
    else if (service === 'worker') scale.worker = Number(count);
    else if (service === 'replica') scale.replica = Number(count);
    else throw new UsageError(`--scale takes api=N (from 1), worker=N or replica=N, not ${text}.`);
  }
  return scale;
}

/** Ports below 1024 are root's, and the edge doesn't run as root. */
function parsePort(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const port = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (port >= 1024 && port <= 65_535) return port;
  throw new UsageError(`--port takes a port from 1024 to 65535, not ${given}.`);
}
