import type { ApiStatus } from '@tenfold/cluster';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { readReplicas } from '../collect/replicas.ts';
import { type Use, useBetween } from '../collect/sampler.ts';
import { generate, ONE_THREAD } from '../generator.ts';
import type { Bench } from '../trial.ts';

export interface Load {
  /** Requests a second. */
  rate: number;
  /** Seconds of the same load before the measured ones. */
  warmup: number;
  /** Seconds. */
  measure: number;
  /** The part of the requests that are dear. */
  dear: number;
  /** How many networks (of 24 bits) the clients come from; 0 for the one that this machine's name for itself is in. */
  networks: number;
}

/** Milliseconds. */
interface Times {
  med: number;
  p95: number;
  p99: number;
}

/** What came of one load. */
export interface Served {
  rate: number;
  /** Right answers a second. */
  goodput: number;
  requests: number;
  /** The part of the answers that were not what was asked for. */
  failed: number;
  /** Requests that k6 could not send in time. */
  dropped: number;
  /** How long those took that every replica has in memory. */
  cheap: Times;
  dear: Times | null;
  /** What each replica got of the requests, those before the measured ones included. */
  spread: { name: string; part: number }[];
  use: Use;
}

/** Requests under way at once, for each replica: far more than one at its limit has. */
const USERS = 64;

/** Loads the cluster for some seconds, and says how it did. @throws LoadError when k6 fails. */
export async function serve(bench: Bench, replicas: readonly ApiStatus[], load: Load): Promise<Served> {
  const before = await readReplicas(replicas);
  const { summary, samples } = await generate(
    bench,
    'balancing.ts',
    {
      RATE: String(load.rate),
      WARMUP: String(load.warmup),
      MEASURE: String(load.measure),
      DEAR: String(load.dear),
      VUS: String(USERS * replicas.length + 32),
      ...ONE_THREAD,
    },
    clientsOf(load),
  );
  const after = await readReplicas(replicas);
  const { startedAt, ...result } = resultOf(summary, load.measure);
  const from = startedAt + load.warmup * 1000;
  const counts = after.map(({ name, requests }, index) => ({ name, requests: requests - (before[index]?.requests ?? 0) }));
  const total = counts.reduce((sum, { requests }) => sum + requests, 0);
  return {
    rate: load.rate,
    ...result,
    spread: counts.map(({ name, requests }) => ({ name, part: requests / total })),
    use: useBetween(samples, from, from + load.measure * 1000),
  };
}

/** An address in each network: 127.0.1.1, 127.0.2.1 and so on. k6 gives them to its users in turn. */
function clientsOf({ networks }: Load): string[] {
  if (networks === 0) return [];
  return ['--local-ips', Array.from({ length: networks }, (_, index) => `127.0.${index + 1}.1`).join(',')];
}

const Values = (...names: string[]) => Type.Object({ values: Type.Object(Object.fromEntries(names.map((name) => [name, Type.Number()]))) });
const TIMES = ['med', 'p(95)', 'p(99)'];

const Summary = Type.Object({
  setup_data: Type.Object({ startedAt: Type.Number() }),
  metrics: Type.Object({
    'http_req_duration{scenario:measure,kind:cheap}': Values(...TIMES),
    'http_req_duration{scenario:measure,kind:dear}': Type.Optional(Values(...TIMES)),
    'checks{scenario:measure}': Values('passes', 'fails'),
    'dropped_iterations{scenario:measure}': Type.Optional(Values('count')),
  }),
});

function resultOf(summary: unknown, measure: number) {
  const { setup_data, metrics } = Value.Parse(Summary, summary);
  const { passes = 0, fails = 0 } = metrics['checks{scenario:measure}'].values;
  const dear = metrics['http_req_duration{scenario:measure,kind:dear}']?.values;
  return {
    startedAt: setup_data.startedAt,
    goodput: passes / measure,
    requests: passes + fails,
    failed: fails / Math.max(1, passes + fails),
    dropped: metrics['dropped_iterations{scenario:measure}']?.values['count'] ?? 0,
    cheap: timesOf(metrics['http_req_duration{scenario:measure,kind:cheap}'].values),
    dear: dear === undefined ? null : timesOf(dear),
  };
}

function timesOf(values: Readonly<Record<string, number>>): Times {
  const [med = Number.NaN, p95 = Number.NaN, p99 = Number.NaN] = TIMES.map((name) => values[name]);
  return { med, p95, p99 };
}
