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

/** The API's own settings reach it when they begin like this or are named; everything else in the environment stays out. */
const API_PREFIXES = ['API_', 'CACHE_', 'CORS_', 'DB_', 'DRAIN_', 'JWT_', 'RATE_LIMIT_'];
const API_NAMES = new Set([
  'ACCESS_TOKEN_LIFETIME',
  'LOG_LEVEL',
  'MAX_EVENT_LOOP_DELAY',
  'PASSWORD_QUEUE',
  'SESSION_LIFETIME',
  'WORKER_CONNECTIONS',
]);

export function inheritedEnv(): Record<string, string> {
  return pick((name) => INHERITED.has(name));
}

/** Our whole environment and some more, for a test that runs our own commands. */
export function childEnv(more: Readonly<Record<string, string>>): Record<string, string> {
  return { ...pick(() => true), ...more };
}

/** What a person set for the API; who makes its keys and accounts goes by it too. */
export function apiEnv(): Record<string, string> {
  return pick((name) => API_NAMES.has(name) || API_PREFIXES.some((prefix) => name.startsWith(prefix)));
}

const DEFAULT_MAX_REPLICAS = 12;

/** API_MAX_REPLICAS: how many replicas the database's connections are shared by. @throws ClusterError when it is no such number. */
export function apiMaxReplicas(): number {
  const given = process.env['API_MAX_REPLICAS']?.trim();
  const max = given ? Number(given) : DEFAULT_MAX_REPLICAS;
  if (Number.isInteger(max) && max >= 1 && max <= ROOM.api) return max;
  throw new ClusterError(`API_MAX_REPLICAS must be a whole number from 1 to ${ROOM.api}, not ${given}.`);
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
