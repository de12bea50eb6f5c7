import type { ApiStatus, Cluster } from '@tenfold/cluster';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { K6 } from '../run/k6.ts';
import type { Mix, ScaledTier } from './plan.ts';
import { readReplicas, type ReplicaCounts, upstreamConnections } from './collect/replicas.ts';
import { type Use, useBetween } from './collect/sampler.ts';
import { generate, ONE_THREAD } from './generator.ts';

/** Where trials are run, and with what. */
export interface Bench {
  cluster: Cluster;
  k6: K6;
  target: string;
  /** The edge's process. */
  edge: number | null;
  /** Access tokens that are good for the next minutes; none for guests. */
  tokens: () => Promise<string[]>;
  mix: Mix;
  tier: ScaledTier;
  /** What the replicas are asked to do beside answering; empty for nothing. */
  experiment: string;
  /** Cores that k6 is held to; undefined for no bound. */
  generator: number | undefined;
  /** A folder for what k6 reads and writes. */
  scratch: string;
  /** Aborts when the person who waits has had enough. */
  ended: AbortSignal;
}

export interface TrialPlan {
  /** Requests a second. */
  rate: number;
  /** Seconds of the same load before the measured ones. */
  warmup: number;
  /** Seconds. */
  measure: number;
  /** Instead of one rate: where it goes on to, and in how many seconds, one after the other, `measure` in all. */
  stages?: readonly { seconds: number; rate: number }[];
  /** Requests that may be under way at once; by default what these replicas have under way at their limit. */
  most?: number;
}

/** Milliseconds from the request to the end of its answer. */
interface Latency {
  med: number;
  p95: number;
  p99: number;
  max: number;
}

/** What happened in the measured seconds of one trial. */
export interface Trial {
  rate: number;
  /** What is scaled. */
  tier: ScaledTier;
  /** Right answers a second. */
  goodput: number;
  requests: number;
  /** The part of the answers that were not what was asked for. */
  failed: number;
  /** Requests that k6 could not send in time. */
  dropped: number;
  latency: Latency;
  use: Use;
  replicas: ReplicaCounts[];
  /** Seconds that those counts are of: warming up included. */
  counted: number;
  /** Periods in which k6 was held back by a quota. */
  generatorThrottled: number;
  /** Connections from the edge to the replicas near the end. */
  upstreams: number;
}

/** Requests that a replica may have under way. */
const UNDER_WAY = 40;

/**
 * Virtual users: for what each replica has under way, and for one that stands still for a second, which the objectives
 * allow. Each costs k6 5 ms before it begins.
 */
function usersFor(replicas: number, rate: number): number {
  return UNDER_WAY * replicas + Math.max(UNDER_WAY, Math.ceil(rate / replicas));
}

/** Loads the cluster for some seconds, and says how it did. @throws LoadError when k6 fails. */
export async function runTrial(bench: Bench, replicas: readonly ApiStatus[], plan: TrialPlan): Promise<Trial> {
  const before = await readReplicas(replicas);
  let upstreams = 0;
  const look = setInterval(() => (upstreams = Math.max(upstreams, upstreamConnections(bench.edge, replicas))), 2000);
  const { summary, samples, throttled } = await generate(bench, 'trial.ts', {
    MIX: bench.mix,
    EXPERIMENT: bench.experiment,
    RATE: String(plan.rate),
    WARMUP: String(plan.warmup),
    MEASURE: String(plan.measure),
    STAGES: JSON.stringify(plan.stages ?? []),
    VUS: String(plan.most ?? usersFor(replicas.length, plan.rate)),
    ...ONE_THREAD,
  }).finally(() => clearInterval(look));
  const after = await readReplicas(replicas);

  const { startedAt, ...result } = resultOf(summary, plan);
  const from = startedAt + plan.warmup * 1000;
  return {
    rate: plan.rate,
    tier: bench.tier,
    ...result,
    use: useOf(bench, replicas, useBetween(samples, from, from + plan.measure * 1000)),
    generatorThrottled: throttled,
    replicas: after.map((now) =>
      difference(
        now,
        before.find(({ name }) => name === now.name),
      ),
    ),
    counted: plan.warmup + plan.measure,
    upstreams,
  };
}

/** Without the API replicas that the edge sends nothing to. */
function useOf({ tier }: Bench, replicas: readonly ApiStatus[], use: Use): Use {
  if (tier !== 'api' || replicas.length === 0) return use;
  const measured = new Set(replicas.map(({ name }) => name));
  return { ...use, processes: use.processes.filter(({ name }) => !/^api-\d+$/.test(name) || measured.has(name)) };
}

const Values = (...names: string[]) => Type.Object({ values: Type.Object(Object.fromEntries(names.map((name) => [name, Type.Number()]))) });

const Summary = Type.Object({
  setup_data: Type.Object({ startedAt: Type.Number() }),
  metrics: Type.Object({
    'http_req_duration{scenario:measure}': Values('med', 'p(95)', 'p(99)', 'max', 'count'),
    'checks{scenario:measure}': Values('passes', 'fails'),
    'dropped_iterations{scenario:measure}': Type.Optional(Values('count')),
  }),
});

function resultOf(summary: unknown, { measure }: TrialPlan) {
  const { setup_data, metrics } = Value.Parse(Summary, summary);
  const duration = (name: string) => metrics['http_req_duration{scenario:measure}'].values[name] ?? Number.NaN;
  const { passes = 0, fails = 0 } = metrics['checks{scenario:measure}'].values;
  return {
    startedAt: setup_data.startedAt,
    goodput: passes / measure,
    requests: passes + fails,
    failed: fails / Math.max(1, passes + fails),
    dropped: metrics['dropped_iterations{scenario:measure}']?.values['count'] ?? 0,
    latency: { med: duration('med'), p95: duration('p(95)'), p99: duration('p(99)'), max: duration('max') },
  };
}

/** What was counted since `before`; nothing was, for a replica that has been started since. */
function difference(now: ReplicaCounts, before: ReplicaCounts | undefined): ReplicaCounts {
  const since = (field: Exclude<keyof ReplicaCounts, 'name' | 'eventLoopP99' | 'lag'>) =>
    now[field] - Math.min(now[field], before?.[field] ?? 0);
  return {
    name: now.name,
    requests: since('requests'),
    shed: since('shed'),
    poolWait: since('poolWait'),
    localReads: since('localReads'),
    remoteReads: since('remoteReads'),
    eventLoopP99: now.eventLoopP99,
    lag: now.lag,
  };
}
