import { delimiter } from 'node:path';
import { ClusterError } from '@tenfold/cluster';
import { type EdgeSettings, edgeSettings } from '@tenfold/nginx';
import { ROOM } from './state/ports.ts';

/** Where programs are looked for. */
export function searchPath(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
}

/** Variables of the person's own environment that every child gets: what finds programs, and what formats and connects. */
const INHERITED = new Set(['PATH', 'HOME', 'TZ', 'LANG', 'NODE_EXTRA_CA_CERTS']);

/** The processes of the application. */
export type App = 'api' | 'worker' | 'sandbox';

/** A person's settings reach a process when they begin like this or are named so; everything else in the environment stays out. */
const SETTINGS: Readonly<Record<App, { prefixes: readonly string[]; names: readonly string[] }>> = {
  api: {
    prefixes: ['API_', 'CACHE_', 'CORS_', 'DB_', 'DRAIN_', 'JWT_', 'LIVE_', 'PAYMENT_', 'RATE_LIMIT_'],
    names: [
      'ACCESS_TOKEN_LIFETIME',
      'EXPERIMENTS',
      'LOG_LEVEL',
      'MAX_EVENT_LOOP_DELAY',
      'PASSWORD_QUEUE',
      'RESERVATION_MINUTES',
      'SESSION_LIFETIME',
      'V8_COMPILER',
      'WORKER_CONNECTIONS',
    ],
  },
  worker: {
    prefixes: ['EXPIRY_', 'JOB_', 'MAIL_', 'PAYMENT_', 'RELAY_', 'STRIPE_', 'WORKER_'],
    names: ['DB_POOL_SIZE', 'LOG_LEVEL', 'PUBLIC_URL', 'SMTP_URL'],
  },
  sandbox: { prefixes: [], names: ['ANSWER_DELAY', 'LOG_LEVEL', 'SLOW_DELAY', 'WEBHOOK_DELAY'] },
};

export function inheritedEnv(): Record<string, string> {
  return pick((name) => INHERITED.has(name));
}

/** Our whole environment and some more, for a test that runs our own commands. */
export function childEnv(more: Readonly<Record<string, string>>): Record<string, string> {
  return { ...pick(() => true), ...more };
}

/** Whether a person may set it for the processes of this kind. */
export function isSettingOf(app: App, name: string): boolean {
  const { prefixes, names } = SETTINGS[app];
  return names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

/** What a person set for the processes of this kind; who makes the API's keys goes by its settings too. */
export function settingsOf(app: App): Record<string, string> {
  return pick((name) => isSettingOf(app, name));
}

/** How many of each there may be at once: the database's connections are shared by them. */
export interface MaxReplicas {
  api: number;
  worker: number;
}

/** API_MAX_REPLICAS and WORKER_MAX_REPLICAS, or what API and worker assume without them. @throws ClusterError when one is no such number. */
export function readMaxReplicas(): MaxReplicas {
  return {
    api: wholeNumber('API_MAX_REPLICAS', process.env['API_MAX_REPLICAS'], 12, ROOM.api),
    worker: wholeNumber('WORKER_MAX_REPLICAS', process.env['WORKER_MAX_REPLICAS'], 2, ROOM.worker),
  };
}

function wholeNumber(name: string, given: string | undefined, fallback: number, most: number): number {
  const number = given?.trim() ? Number(given) : fallback;
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new ClusterError(`${name} must be a whole number from 1 to ${most}, not ${given}.`);
}

/** The EDGE_ variables. @throws ClusterError that names every wrong one. */
export function readEdgeSettings(): EdgeSettings {
  try {
    return edgeSettings();
  } catch (error) {
    throw new ClusterError(error instanceof Error ? error.message : String(error));
  }
}

function pick(wanted: (name: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined && wanted(name)) picked[name] = value;
  return picked;
}
