import { parseArgs } from 'node:util';
import type { ScalableInContainers } from './cluster.ts';
import { UsageError } from './errors.ts';

export type Action =
  | { verb: 'help' }
  | { verb: 'status'; json: boolean }
  | { verb: 'scale'; service: ScalableInContainers; count: number }
  | { verb: 'kill' | 'drain'; name: string }
  | { verb: 'start'; name: string }
  | { verb: 'quota'; name: string; share: number | undefined }
  | { verb: 'balance'; by: string | undefined; weights?: number[] }
  | { verb: 'renew'; settings: Record<string, string> }
  | { verb: 'serve' | 'max-conns'; count: number | undefined }
  | { verb: 'stop'; name: string | undefined }
  | { verb: 'logs'; name: string; follow: boolean; lines: number }
  | { verb: 'credentials' | 'reload-edge' | 'rotate-keys' | 'usage' | 'promote' }
  | { verb: 'roll' };

export interface Invocation {
  on: 'local' | 'compose';
  action: Action;
}

export const HELP = `Looks at a running cluster and changes it.

  npm run cluster -- [--on local|compose] COMMAND

  status [--json]              what runs, in which state
  scale api=N | worker=M       N API replicas, without a failed request; M workers; compose: postgres-replica=R
  kill NAME                    SIGKILL, as a crash would be; it is started again
  drain api-N | worker-M       replaces one by a fresh process, without a failed request
  renew [NAME=VALUE …]         ends all API replicas at once, and starts them with these settings over their own (docs/configuration.md)
  roll api                     compose: replaces all replicas by ones of the image that was built last, one by one
  promote                      compose: makes a database replica the primary, and the old one a replica
  stop [NAME]                  the whole cluster, or a store or payment-sandbox, to see what the others do without it
  start NAME                   what was stopped
  quota NAME=SHARE             at most this share of a core (5%, none) for a process, or api for all replicas
  balance WAY [WEIGHTS]        how the edge chooses replicas: a value of EDGE_BALANCE, or default; weighted takes 2,1,1
  max-conns N | default        requests in flight that the edge lets one replica have (EDGE_MAX_CONNS_BROWSE); the others are refused
  serve N | all                the edge sends to the first N API replicas alone; the others run on, and do nothing
  usage                        CPU and memory of every process until now, as JSON
  logs NAME [-f] [-n LINES]    what a process wrote (default: the last 50 lines)
  credentials                  what is needed to sign in, as JSON
  rotate-keys                  a fresh key to sign access tokens with; tokens in use stay good
  reload-edge                  makes the edge read its configuration again

  NAME is one that status shows; on local, logs knows supervisor and edge-access too.

  TENFOLD_DIR           state directory of the local cluster (default .tenfold)
  COMPOSE_PROJECT_NAME  the Compose project that --on compose is about (default tenfold)

  exit codes: 0 ok, 1 failed, 2 wrong usage`;

const DEFAULT_LINES = 50;

/** @throws UsageError that says what is wrong. */
export function parseInvocation(argv: readonly string[]): Invocation {
  const { values, positionals } = parse(argv);
  const { on = 'local', ...rest } = values;
  if (on !== 'local' && on !== 'compose') throw new UsageError(`--on takes local or compose, not ${on}.`);
  if (values.help) return { on, action: { verb: 'help' } };
  const [verb = '', ...operands] = positionals;
  const action = actionOf(verb, operands, rest);
  const allowed: Readonly<Record<string, string[]>> = { status: ['json'], logs: ['follow', 'lines'] };
  const unwanted = Object.keys(rest).find((option) => !allowed[verb]?.includes(option));
  if (unwanted !== undefined) throw new UsageError(`${verb} takes no --${unwanted}.`);
  return { on, action };
}

interface Options {
  json?: boolean | undefined;
  follow?: boolean | undefined;
  lines?: string | undefined;
}

function actionOf(verb: string, operands: readonly string[], options: Options): Action {
  const [name = ''] = operands;
  const takes = (least: number, most: number, usage: string) => {
    if (operands.length < least || operands.length > most) throw new UsageError(`usage: ${usage}`);
  };
  switch (verb) {
    case 'status':
      takes(0, 0, 'status [--json]');
      return { verb, json: options.json ?? false };
    case 'scale':
      takes(1, 1, 'scale api=N | worker=M');
      return { verb, ...parseScale(name) };
    case 'kill':
    case 'drain':
    case 'start':
      takes(1, 1, `${verb} NAME`);
      return { verb, name };
    case 'stop':
      takes(0, 1, 'stop [NAME]');
      return { verb, name: operands[0] };
    case 'roll':
      takes(1, 1, 'roll api');
      if (name !== 'api') throw new UsageError(`roll takes api, not ${name}.`);
      return { verb };
    case 'quota':
      takes(1, 1, 'quota NAME=SHARE');
      return { verb, ...parseQuota(name) };
    case 'balance':
      takes(1, 2, 'balance WAY [WEIGHTS]');
      return { verb, by: name === 'default' ? undefined : name, ...parseWeights(operands[1]) };
    case 'renew':
      return { verb, settings: Object.fromEntries(operands.map(parseSetting)) };
    case 'serve':
      takes(1, 1, 'serve N | all');
      return { verb, count: parseCount(name, { verb, most: 999, otherwise: 'all' }) };
    case 'max-conns':
      takes(1, 1, 'max-conns N | default');
      return { verb, count: parseCount(name, { verb, most: 65_535, otherwise: 'default' }) };
    case 'logs':
      takes(1, 1, 'logs NAME [-f] [-n LINES]');
      return { verb, name, follow: options.follow ?? false, lines: parseLines(options.lines) };
    case 'credentials':
    case 'usage':
    case 'reload-edge':
    case 'rotate-keys':
    case 'promote':
      takes(0, 0, verb);
      return { verb };
    default:
      throw new UsageError(verb === '' ? 'A command is missing.' : `There is no command ${verb}.`);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        on: { type: 'string' },
        json: { type: 'boolean' },
        follow: { type: 'boolean', short: 'f' },
        lines: { type: 'string', short: 'n' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseScale(text: string): { service: ScalableInContainers; count: number } {
  const [, service, count] = /^(api|worker|postgres-replica)=(\d{1,3})$/.exec(text) ?? [];
  if (service === 'api' || service === 'worker' || service === 'postgres-replica') return { service, count: Number(count) };
  throw new UsageError(`scale takes api=N, worker=M or postgres-replica=R, not ${text}.`);
}

function parseQuota(text: string): { name: string; share: number | undefined } {
  const [, name, percent] = /^([a-z0-9-]+)=(\d{1,4}(?:\.\d+)?%|none)$/.exec(text) ?? [];
  if (name === undefined || percent === undefined) throw new UsageError(`quota takes NAME=5% or NAME=none, not ${text}.`);
  return { name, share: percent === 'none' ? undefined : Number.parseFloat(percent) / 100 };
}

function parseWeights(text: string | undefined): { weights?: number[] } {
  if (text === undefined) return {};
  if (!/^\d{1,3}(?:,\d{1,3})*$/.test(text)) throw new UsageError(`balance takes weights like 2,1,1, not ${text}.`);
  return { weights: text.split(',').map(Number) };
}

function parseSetting(text: string): [string, string] {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`renew takes NAME=VALUE, not ${text}.`);
  return [name, value];
}

function parseCount(text: string, { verb, most, otherwise }: { verb: string; most: number; otherwise: string }): number | undefined {
  if (text === otherwise) return undefined;
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= most) return Number(text);
  throw new UsageError(`${verb} takes ${otherwise} or a number from 1 to ${most}, not ${text}.`);
}

function parseLines(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LINES;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`-n takes a number of lines, not ${text}.`);
}
