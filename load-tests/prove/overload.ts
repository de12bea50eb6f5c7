import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { LoadError } from '../run/errors.ts';
import { type Sample, type Use, useBetween } from './collect/sampler.ts';
import { onBench, type Subject } from './experiment.ts';
import { generate } from './generator.ts';
import { type Gate, machineGates } from './gates.ts';
import { firstGuess, type Objectives, type Plan } from './plan.ts';
import { prepare, type Say } from './run.ts';
import { searchCapacity } from './search.ts';
import type { Bench } from './trial.ts';

/** One small replica: its tenfold is what one k6 can send. */
const REPLICAS = 1;
/** What is offered in the storm, in capacities; what is normal. */
const TENFOLD = 10;
const NORMAL = 0.8;
const CALM_SECONDS = 20;
const STORM_SECONDS = 60;
const ORDERS = 1.7; // so that a minute has a hundred

/** Milliseconds. */
interface Times {
  med: number;
  p95: number;
  p99: number;
  count: number;
}

/** What clients saw in one phase. */
interface Phase {
  accepted: Times;
  refused: Times;
  refusedByReplica: number;
  /** Answers that were neither right nor a refusal that says when to try again. */
  broken: number;
  orders: { placed: number; sent: number; p99: number };
  use: Use;
}

export interface Overload {
  /** Requests a second that met the objectives. */
  capacity: number;
  offered: number;
  dropped: number;
  before: Phase;
  during: Phase;
  after: Phase;
  /** Seconds after the storm until the first of three in a row that were normal; undefined when there were none. */
  recovered: number | undefined;
}

export interface Finding {
  what: string;
  found: string;
  goal: string;
  met: boolean;
}

/** Finds the capacity of one small replica, sends ten times as much for a minute, and says what clients saw. */
export function runOverload(subject: Subject, plan: Plan, say: Say): Promise<Overload> {
  return onBench(subject, plan, say, async (bench, questions) => {
    await prepare(bench, plan, REPLICAS, questions);
    say(`looking for the capacity of a replica at ${plan.share} of a core, with ${ORDERS} orders/s beside it`);
    const found = await searchCapacity(
      async (rate) => {
        const evidence = await load(bench, { calm: rate, before: 10, storm: 0, during: 0, after: 0 });
        return { passed: evidence.dropped === 0 && isGood(evidence, plan.objectives), evidence };
      },
      { guess: firstGuess(plan) * REPLICAS, precision: 0.06, most: 10 },
    );
    if (!found) throw new LoadError('No rate met the objectives: there is no capacity to overload.');
    const [calm, storm] = [found.rate * NORMAL, found.rate * TENFOLD];
    say(`${found.rate} requests/s; now ${TENFOLD} times that for ${STORM_SECONDS} s`);
    const storming = () => load(bench, { calm, before: CALM_SECONDS, storm, during: STORM_SECONDS, after: CALM_SECONDS });
    let result = await storming();
    if (!isGood(result, plan.objectives)) {
      say('the objectives were missed before it, which all is compared with: once more');
      result = await storming();
    }
    return { capacity: found.rate, offered: storm, ...result };
  });
}

/** Requests a second, and for how many seconds. */
interface Loads {
  calm: number;
  before: number;
  storm: number;
  during: number;
  after: number;
}

async function load(bench: Bench, { calm, before, storm, during, after }: Loads): Promise<Omit<Overload, 'capacity' | 'offered'>> {
  const { summary, samples } = await generate(bench, 'overload.ts', {
    EXPERIMENT: bench.experiment,
    CALM: String(calm),
    CALM_SECONDS: String(before),
    STORM: String(storm),
    STORM_SECONDS: String(during),
    AFTER_SECONDS: String(after),
    ORDERS: String(ORDERS),
  });
  return resultOf(summary, samples, { before, during, after });
}

/** Whether the objectives were met, and all orders placed. */
function isGood({ before: { accepted, refused, broken, orders } }: Pick<Overload, 'before'>, { p95, p99, failed }: Objectives): boolean {
  const isRight = refused.count + broken <= failed * (accepted.count + refused.count + broken);
  return isRight && accepted.p95 <= p95 && accepted.p99 <= p99 && orders.placed === orders.sent;
}

const Summary = Type.Object({
  setup_data: Type.Object({ startedAt: Type.Number() }),
  metrics: Type.Record(Type.String(), Type.Object({ values: Type.Record(Type.String(), Type.Number()) })),
});

type Seconds = Pick<Loads, 'before' | 'during' | 'after'>;

export function resultOf(
  summary: unknown,
  samples: readonly Sample[],
  { before, during, after }: Seconds,
): Omit<Overload, 'capacity' | 'offered'> {
  const { setup_data, metrics } = Value.Parse(Summary, summary);
  const value = (metric: string, name: string) => metrics[metric]?.values[name] ?? 0;
  const times = (metric: string): Times => ({
    med: value(metric, 'med'),
    p95: value(metric, 'p(95)'),
    p99: value(metric, 'p(99)'),
    count: value(metric, 'count'),
  });
  const phase = (name: string, from: number, seconds: number): Phase => {
    const begin = setup_data.startedAt + from * 1000;
    const [placed, missed] = [value(`ordered{phase:${name}}`, 'passes'), value(`ordered{phase:${name}}`, 'fails')];
    return {
      accepted: times(`accepted{phase:${name}}`),
      refused: times(`refused{phase:${name}}`),
      refusedByReplica: value(`refused_by_replica{phase:${name}}`, 'count'),
      broken: value(`broken{phase:${name}}`, 'count'),
      orders: { placed, sent: placed + missed, p99: value(`order_time{phase:${name}}`, 'p(99)') },
      use: useBetween(samples, begin, begin + seconds * 1000),
    };
  };
  const calm = phase('before', 0, before);
  const seconds = Array.from({ length: after }, (_, second) => ({
    slowest: value(`accepted{second:${second}}`, 'p(99)'),
    accepted: value(`accepted{second:${second}}`, 'count'),
    refused: value(`refused{second:${second}}`, 'count'),
  }));
  const dropped = (name: string) => value(`dropped_iterations{scenario:${name}}`, 'count');
  return {
    dropped: dropped('before') + dropped('during') + dropped('after'),
    before: calm,
    during: phase('during', before, during),
    after: phase('after', before + during, after),
    recovered: recoveredAfter(seconds, calm.accepted.p99),
  };
}

/** What clients saw in one second. */
interface Second {
  /** Milliseconds. */
  slowest: number;
  accepted: number;
  refused: number;
}

/** So many normal seconds in a row are no chance. */
const IN_A_ROW = 3;

/** Seconds until the first of some in a row that were normal: requests were answered, at most half slower than before, and none was refused. */
export function recoveredAfter(seconds: readonly Second[], normal: number): number | undefined {
  const isNormal = ({ slowest, accepted, refused }: Second) => accepted > 0 && refused === 0 && slowest <= normal * 1.5;
  const found = seconds.findIndex((_, from) => from + IN_A_ROW <= seconds.length && seconds.slice(from, from + IN_A_ROW).every(isNormal));
  return found === -1 ? undefined : found;
}

/** Why the storm says nothing: something else was measured. */
export function brokenBy({ during: { use } }: Pick<Overload, 'during'>): Gate[] {
  return machineGates({ use, tier: 'api', generatorThrottled: 0 }).filter(({ passed }) => !passed);
}

const percent = (part: number) => `${(100 * part).toFixed(1)}%`;
const is = (what: string, met: boolean, found: string, goal: string): Finding => ({ what, met, found, goal });
const memoryOf = ({ processes }: Use) =>
  processes.reduce((sum, { name, residentBytes }) => sum + (name.startsWith('api-') ? residentBytes : 0), 0);

/** Each goal, and what was found. @param objectives those of the load before the storm, which all is compared with. */
export function judge(overload: Overload, objectives: Objectives): Finding[] {
  const { capacity, offered, before, during, after, recovered, dropped } = overload;
  const goodput = during.accepted.count / STORM_SECONDS / capacity;
  const times = (offered * STORM_SECONDS) / during.accepted.count;
  const slower = during.accepted.p99 / before.accepted.p99;
  const answers = during.accepted.count + during.refusedByReplica;
  const refusing = during.refusedByReplica / Math.max(1, answers);
  const orders = during.orders.placed / Math.max(1, during.orders.sent);
  const grown = memoryOf(after.use) / memoryOf(before.use);
  const was = before.accepted;
  return [
    is(
      'objectives before it',
      isGood(overload, objectives),
      `p95 ${was.p95.toFixed(0)} ms, p99 ${was.p99.toFixed(0)} ms, ${before.refused.count + before.broken} of ${was.count + before.refused.count + before.broken} not answered`,
      `p95 ${objectives.p95} ms, p99 ${objectives.p99} ms, all answered`,
    ),
    is('requests that k6 could not send', dropped <= 0.01 * offered * STORM_SECONDS, String(dropped), 'at most 1%'),
    is('goodput, of the capacity', goodput >= 0.9, percent(goodput), 'at least 90%'),
    is(
      'p99 of accepted requests, of the normal one',
      slower <= 3,
      `${slower.toFixed(1)} times (${during.accepted.p99.toFixed(0)} ms)`,
      'at most 3 times',
    ),
    is('answers of replicas that were refusals', refusing <= 0.05, percent(refusing), 'at most 5%'),
    is('broken answers', during.broken + after.broken === 0, String(during.broken + after.broken), '0'),
    is('orders placed meanwhile', orders >= 0.99, `${during.orders.placed} of ${during.orders.sent}`, 'at least 99%'),
    is(
      `seconds until ${IN_A_ROW} in a row are normal`,
      recovered !== undefined && recovered <= 5,
      String(recovered ?? 'never'),
      'at most 5',
    ),
    is('memory of the replicas afterwards', grown <= 1.1, `${grown.toFixed(2)} times`, 'at most 1.1 times'),
    // The search finds less than the replica can once its code is compiled: then tenfold was not tenfold.
    is('offered, of what was answered', times >= 9, `${times.toFixed(1)} times`, 'at least 9 times'),
  ];
}
