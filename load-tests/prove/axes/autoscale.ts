import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster } from '@tenfold/cluster';
import { readReplicas } from '../collect/replicas.ts';
import { onBench, type Subject } from '../experiment.ts';
import { brokenOf, type Gate, machineGates, missedObjective } from '../gates.ts';
import { firstGuess, type Plan } from '../plan.ts';
import type { Circumstances } from '../proof.ts';
import type { Question } from '../pool.ts';
import type { Comparison } from '../report/comparison.ts';
import { milliseconds, number, percent } from '../report/text.ts';
import { measure, prepare, type Say } from '../run.ts';
import { type Bench, runTrial, type Trial } from '../trial.ts';
import { countLate } from './probes.ts';
import { desiredReplicas, loadOf, RULE } from './rule.ts';

/** What a day looks like: the part of its busiest hour, hour by hour. A shop sleeps at night and is busiest in the evening. */
const DAY = [
  0.2, 0.15, 0.12, 0.1, 0.1, 0.12, 0.2, 0.32, 0.45, 0.52, 0.56, 0.6, 0.66, 0.62, 0.58, 0.58, 0.62, 0.7, 0.82, 0.95, 1, 0.9, 0.6, 0.35,
];
/** Replicas of the cluster that is compared with, and the most that the rule may have. */
const MOST = 10;
/** The part of all replicas' capacity that the busiest hour asks for. */
const BUSIEST = 0.65;

/** Seconds that stand for an hour: a day of five minutes, of a minute and a half, and one that only shows that it works. */
export const HOUR = { full: 12, quick: 4, brief: 1 };

interface Moment {
  /** Hours. */
  at: number;
  replicas: number;
  rate: number;
}

export interface Day {
  name: string;
  trial: Trial;
  missed: string | null;
  /** Why it says nothing: something else was measured. */
  broken: Gate[];
  moments: Moment[];
  /** Replicas times hours of the day. */
  replicaHours: number;
}

/** Runs one day by the rule and one with all replicas all day. @param hour seconds that stand for one. */
export function runAutoscale(subject: Subject, plan: Plan, hour: number, say: Say): Promise<Day[]> {
  return onBench(subject, plan, say, async (bench, questions) => {
    await prepare(bench, plan, 1, questions);
    const one = await measure(bench, plan, { n: 1, guess: firstGuess(plan) }, say);
    const capacity = one.capacity || firstGuess(plan);
    const known = one.capacity > 0 ? 'one replica does' : `no rate held in ${one.search.length} trials: one replica is taken to do`;
    say(`${known} ${number(capacity)} requests a second: the busiest hour asks for ${number(capacity * MOST * BUSIEST, 0)}`);
    const scaled = await day({ bench, plan, questions, hour, capacity, name: 'by the rule' });
    say(describe(scaled));
    const fixed = await day({ bench, plan, questions, hour, capacity, name: 'ten all day' });
    say(describe(fixed));
    return [scaled, fixed];
  });
}

interface DayOptions {
  bench: Bench;
  plan: Plan;
  questions: readonly Question[];
  hour: number;
  /** Requests a second that one replica can answer. */
  capacity: number;
  name: 'ten all day' | 'by the rule';
}

async function day({ bench, plan, questions, hour, capacity, name }: DayOptions): Promise<Day> {
  const byRule = name === 'by the rule';
  await prepare(bench, plan, MOST, questions);
  const rates = DAY.map((part) => part * BUSIEST * MOST * capacity);
  if (byRule) await bench.cluster.scale('api', desiredReplicas(MOST, (rates[0] ?? 0) / (MOST * capacity), MOST), () => undefined);
  const over = new AbortController();
  const started = performance.now();
  const watched = watch({
    bench,
    capacity,
    soonEnough: plan.objectives.p95,
    byRule,
    ended: over.signal,
    hourOf: () => (performance.now() - started) / 1000 / hour,
  });
  // The day ends when either of the two can't go on.
  const [seen, trial] = await bothOf(
    watched,
    runTrial({ ...bench, ended: AbortSignal.any([bench.ended, over.signal]) }, [], {
      rate: rates[0] ?? 1,
      warmup: 0,
      measure: hour * rates.length,
      stages: rates.map((rate) => ({ seconds: hour, rate })),
      most: 1000,
    }),
    () => over.abort(),
  );
  const moments = seen.map(({ at, replicas }) => ({
    at,
    replicas,
    rate: rates[Math.min(rates.length - 1, Math.floor(at))] ?? 0,
  }));
  return {
    name,
    trial,
    missed: missedObjective(trial, plan.objectives) ?? null,
    broken: brokenOf(machineGates(trial)),
    moments,
    replicaHours: replicaHours(moments),
  };
}

/** Waits for both, whatever happens. @param end called when the first of them has ended. @throws what the first one threw, or else the second. */
async function bothOf<A, B>(one: Promise<A>, other: Promise<B>, end: () => void): Promise<[A, B]> {
  await Promise.race([one, other]).then(end, end);
  const [first, second] = await Promise.allSettled([one, other]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}

interface Watch {
  bench: Bench;
  capacity: number;
  /** Milliseconds that a request may take. */
  soonEnough: number;
  byRule: boolean;
  ended: AbortSignal;
  hourOf: () => number;
}

/** Notes how many replicas there are, and keeps to the rule if that is asked for. */
async function watch({
  bench: { cluster, target },
  capacity,
  soonEnough,
  byRule,
  ended,
  hourOf,
}: Watch): Promise<{ at: number; replicas: number }[]> {
  const seen: { at: number; replicas: number }[] = [];
  let calm = 0;
  while (!ended.aborted) {
    const [{ replicas, answered }, late] = await Promise.all([answeredNow(cluster), byRule ? countLate(target, soonEnough) : 0]);
    seen.push({ at: hourOf(), replicas });
    if (!byRule || replicas === 0) continue;
    const wanted = desiredReplicas(replicas, loadOf({ each: answered / replicas, capacity, late }), MOST);
    calm = wanted < replicas ? calm + 1 : 0;
    // Up at once, down one by one and only when it has been enough for a while.
    if (wanted > replicas) {
      // Those that start are paid for, too.
      seen.push({ at: hourOf(), replicas: wanted });
      await cluster.scale('api', wanted, () => undefined);
    } else if (calm >= RULE.patience) {
      await cluster.scale('api', replicas - 1, () => undefined);
      calm = 0;
    }
  }
  return seen;
}

/** How many replicas there are, and the requests that they answer in a second, all together, by two looks. */
async function answeredNow(cluster: Cluster): Promise<{ replicas: number; answered: number }> {
  const { api } = await cluster.status();
  const ready = api.filter(({ state }) => state === 'ready');
  const before = await readReplicas(ready);
  const from = performance.now();
  await wait(RULE.pause * 1000);
  const after = await readReplicas(ready);
  const total = (counts: typeof before) => counts.reduce((sum, { requests }) => sum + requests, 0);
  return { replicas: ready.length, answered: ((total(after) - total(before)) * 1000) / (performance.now() - from) };
}

/** Every replica counts from when it is seen to when the next look is. */
function replicaHours(moments: readonly Moment[]): number {
  return moments.reduce((sum, { at, replicas }, index) => sum + replicas * ((moments[index + 1]?.at ?? DAY.length) - at), 0);
}

function describe({ name, trial, missed, broken, replicaHours: hours }: Day): string {
  return `${broken.length > 0 ? `VOID: ${broken.map(({ detail }) => detail).join('; ')}; ` : ''}${name}: ${number(hours, 0)} replica-hours, p95 ${milliseconds(trial.latency.p95)}, ${percent(trial.failed, 2)} failed; ${missed ?? 'objectives kept'}`;
}

export function compareDays(days: readonly Day[], hour: number, circumstances: Circumstances): Comparison {
  const [scaled, fixed] = days;
  const saved = scaled && fixed ? 1 - scaled.replicaHours / fixed.replicaHours : 0;
  const kept = scaled?.missed === null ? 'and kept the objectives' : `and missed the objectives (${scaled?.missed ?? 'it did not run'})`;
  const broken = days.flatMap(({ name, broken: gates }) => gates.map(({ detail }) => `${name}, ${detail}`));
  return {
    title: 'a day by a rule',
    verdict: `${broken.length > 0 ? `VOID (${broken.join('; ')}): ` : ''}The rule took ${number(scaled?.replicaHours ?? 0, 0)} replica-hours, where ten all day took ${number(fixed?.replicaHours ?? 0, 0)}: ${percent(saved, 0)} less, ${kept}.`,
    charts: [
      {
        title: 'Replicas over the day',
        caption: `One hour is ${hour} seconds here.`,
        xAxis: 'hour of the day',
        yAxis: 'replicas',
        series: days.map(({ name, moments }) => ({ name, points: moments.map(({ at, replicas }) => [at, replicas] as const) })),
      },
      {
        title: 'What was asked',
        caption: 'Arrivals, which do not wait for answers.',
        xAxis: 'hour of the day',
        yAxis: 'requests a second',
        series: [{ name: 'both days', points: (scaled?.moments ?? []).map(({ at, rate }) => [at, rate] as const) }],
      },
    ],
    tables: [
      {
        title: 'The figures',
        columns: ['day', 'replica-hours', 'most replicas', 'requests', 'failed', 'median', 'p95', 'p99', 'objectives'],
        rows: days.map(({ name, replicaHours: hours, moments, trial, missed }) => [
          name,
          number(hours, 0),
          String(Math.max(...moments.map(({ replicas }) => replicas))),
          number(trial.requests, 0),
          percent(trial.failed, 2),
          milliseconds(trial.latency.med),
          milliseconds(trial.latency.p95),
          milliseconds(trial.latency.p99),
          missed ?? 'kept',
        ]),
      },
    ],
    notes: [
      `The rule is that of a Kubernetes HorizontalPodAutoscaler on requests: as many replicas as bring what each is asked to ${percent(RULE.target, 0)} of what one was found to answer, ${RULE.least} at least; twice as many when they are at ${percent(RULE.full, 0)} or more, or more than half of ${RULE.probes} requests of the rule's own are late, since what they could not answer is not known; up at once, down one by one, after ${RULE.patience} looks of which each said that fewer would do. CPU says too little: a small replica uses all of its quota at a third of what it can answer.`,
      'Looking costs the replicas something on both days: their counters are read twice in a look. A day is minutes long here, while a replica starts as slowly as ever: a real day gives the rule far more time.',
    ],
    circumstances,
  };
}
