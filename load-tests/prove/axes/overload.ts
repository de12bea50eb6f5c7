import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Sample, type Use, useBetween } from '../collect/sampler.ts';
import { onBench, type Subject } from '../experiment.ts';
import { generate } from '../generator.ts';
import { firstGuess, type Objectives, objectivesFor, type Plan } from '../plan.ts';
import { milliseconds, number, percent } from '../report/text.ts';
import { prepare, type Say } from '../run.ts';
import { searchCapacity } from '../search.ts';
import type { Bench } from '../trial.ts';

/** Its tenfold is what one k6 can send. */
const REPLICAS = 1;
/**
 * The CPU of the replica, in cores: as much as leaves k6 and the edge what tenfold costs them. With a tenth of a core it stands still for
 * 90 ms in every 100, which drowns the queue that this is about.
 */
const SHARE = 0.5;
/** Seconds that a request may wait for those before it: the edge lets a replica have as many at once as it answers in that time. */
export const QUEUE = 0.065;
/** What is offered in the storm, of the most that the replica answers, which is what it answers of twice its capacity. */
const TENFOLD = 10;
const FULL = { part: 2, seconds: 8 };
/** What is normal, of its capacity. */
const NORMAL = 0.8;
/** Seconds before and after the storm, of it, and of a trial of the search; and how many trials there are at most. */
export const LENGTH = {
  full: { calm: 30, storm: 60, trial: 10, trials: 10 },
  brief: { calm: 6, storm: 8, trial: 3, trials: 2 },
};
export type Length = (typeof LENGTH)['full'];
const ORDERS = 1.7; // so that a minute has a hundred

/** Milliseconds. */
interface Times {
  med: number;
  p95: number;
  p99: number;
  count: number;
}

/** What clients saw in one phase. */
export interface Phase {
  accepted: Times;
  refused: Times;
  refusedByReplica: number;
  /** Answers that were neither right nor a refusal that says when to try again. */
  broken: number;
  orders: { placed: number; sent: number; p99: number };
  use: Use;
}

export interface Overload {
  length: Length;
  /** Requests in flight that the edge let the replica have. */
  places: number;
  /** Requests a second that met the objectives. */
  capacity: number;
  /** The lowest rate that failed, where another one held. */
  failedAt: number | null;
  /** Those that it answers a second when it gets far too many. */
  most: number;
  offered: number;
  dropped: number;
  before: Phase;
  during: Phase;
  after: Phase;
  /** One after the other, from the first before the storm on. */
  seconds: Second[];
  /** Seconds after the storm until the first of three in a row that were normal; undefined when there were none. */
  recovered: number | undefined;
}

/** What clients saw of the requests that they sent in one second. */
export interface Second {
  accepted: number;
  refused: number;
  /** Milliseconds: p99 of those that were accepted. */
  p99: number;
}

/** The plan as it is carried out. */
export function planForOverload(plan: Plan): Plan {
  return {
    ...plan,
    counts: [REPLICAS],
    rounds: 1,
    references: 1,
    warmup: 0,
    measure: LENGTH.full.trial,
    share: SHARE,
    objectives: objectivesFor({ ...plan, share: SHARE }),
    precision: 0.06,
  };
}

/** Finds the capacity of one small replica, sends ten times as much for a while, and says what clients saw. */
export function runOverload(subject: Subject, plan: Plan, length: Length, say: Say): Promise<Overload> {
  return onBench(subject, plan, say, async (bench, questions) => {
    const places = Math.round(firstGuess(plan) * QUEUE);
    await bench.cluster.maxConns(places);
    await prepare(bench, plan, REPLICAS, questions);
    say(
      `looking for the capacity of a replica with ${percent(plan.share, 0)} of a core and ${places} places, ${ORDERS} orders/s beside it`,
    );
    const found = await searchCapacity(
      async (rate) => {
        const evidence = await load(bench, { calm: rate, before: length.trial, storm: 0, during: 0, after: 0 });
        const passed = evidence.dropped === 0 && isGood(evidence, plan.objectives);
        const { p95, p99 } = evidence.before.accepted;
        say(
          `  ${rate.toFixed(1)} requests/s ${passed ? 'held' : 'failed'}, p95 ${milliseconds(p95)}, p99 ${milliseconds(p99)}, ${evidence.before.refused.count} refused`,
        );
        return { passed, evidence };
      },
      { guess: firstGuess(plan) * REPLICAS, precision: plan.precision, most: length.trials },
    );
    // Where no rate held, the gate `search` is broken; what it does with too much is shown all the same.
    const capacity = found?.rate ?? firstGuess(plan) / 2;
    const full = await load(bench, { calm: 0, before: 0, storm: FULL.part * capacity, during: FULL.seconds, after: 0 });
    const most = full.during.accepted.count / FULL.seconds;
    const [calm, storm] = [capacity * NORMAL, most * TENFOLD];
    const known = found
      ? `${number(capacity)} requests/s met the objectives`
      : `no rate met the objectives, it is taken to do ${number(capacity)}`;
    say(`${known}; of too many it answers ${number(most)}; now ten times that for ${length.storm} s`);
    const storming = () => load(bench, { calm, before: length.calm, storm, during: length.storm, after: length.calm });
    let result = await storming();
    if (!isGood(result, plan.objectives)) {
      say('the objectives were missed before it, which all is compared with: once more');
      result = await storming();
    }
    return { length, places, capacity, failedAt: found?.failed ?? null, most, offered: storm, ...result };
  });
}

/** What is seen of one run of k6. */
type Course = Omit<Overload, 'length' | 'places' | 'capacity' | 'failedAt' | 'most' | 'offered'>;

/** Requests a second, and for how many seconds. */
interface Loads {
  calm: number;
  before: number;
  storm: number;
  during: number;
  after: number;
}

async function load(bench: Bench, { calm, before, storm, during, after }: Loads): Promise<Course> {
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
export function isGood(
  { before: { accepted, refused, broken, orders } }: Pick<Overload, 'before'>,
  { p95, p99, failed }: Objectives,
): boolean {
  const isRight = refused.count + broken <= failed * (accepted.count + refused.count + broken);
  return isRight && accepted.p95 <= p95 && accepted.p99 <= p99 && orders.placed === orders.sent;
}

const Summary = Type.Object({
  setup_data: Type.Object({ startedAt: Type.Number() }),
  metrics: Type.Record(Type.String(), Type.Object({ values: Type.Record(Type.String(), Type.Number()) })),
});

type Seconds = Pick<Loads, 'before' | 'during' | 'after'>;

export function resultOf(summary: unknown, samples: readonly Sample[], { before, during, after }: Seconds): Course {
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
  const seconds = Array.from({ length: before + during + after }, (_, second) => ({
    accepted: value(`accepted{second:${second}}`, 'count'),
    refused: value(`refused{second:${second}}`, 'count'),
    p99: value(`accepted{second:${second}}`, 'p(99)'),
  }));
  const dropped = (name: string) => value(`dropped_iterations{scenario:${name}}`, 'count');
  return {
    dropped: dropped('before') + dropped('during') + dropped('after'),
    before: calm,
    during: phase('during', before, during),
    after: phase('after', before + during, after),
    seconds,
    recovered: recoveredAfter(seconds.slice(before + during), calm.accepted.p99),
  };
}

/** So many normal seconds in a row are no chance. */
export const IN_A_ROW = 3;

/** Seconds until the first of some in a row that were normal: requests were answered, at most half slower than before, and none was refused. */
export function recoveredAfter(seconds: readonly Second[], normal: number): number | undefined {
  const isNormal = ({ p99, accepted, refused }: Second) => accepted > 0 && refused === 0 && p99 <= normal * 1.5;
  const found = seconds.findIndex((_, from) => from + IN_A_ROW <= seconds.length && seconds.slice(from, from + IN_A_ROW).every(isNormal));
  return found === -1 ? undefined : found;
}
