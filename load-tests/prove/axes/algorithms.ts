import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError } from '@tenfold/cluster';
import { LoadError } from '../../run/errors.ts';
import { onBench, type Subject } from '../experiment.ts';
import { objectivesFor, type Plan } from '../plan.ts';
import { createRandom, shuffled } from '../random.ts';
import { milliseconds, number, percent } from '../report/text.ts';
import { prepare, type Say } from '../run.ts';
import type { Bench } from '../trial.ts';
import { type Load, serve, type Served } from './balanced.ts';

/** The ways of choosing a replica that the edge knows (EDGE_BALANCE). */
const ALGORITHMS = ['round_robin', 'weighted', 'least_conn', 'ip_hash', 'random_two', 'least_time'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export type Condition = 'even' | 'uneven' | 'long';

/** One way under one condition. */
export interface Arm {
  condition: Condition;
  algorithm: Algorithm;
  /** All clients in one network (a NAT, an office, a proxy in front), where they are in many otherwise. */
  oneNetwork: boolean;
  served: Served;
}

export interface Algorithms {
  arms: Arm[];
  /** What the edge said of the ways that it can't do. */
  refused: { algorithm: Algorithm; words: string }[];
}

const REPLICAS = 4;
/** The one that gets half a quota where they are uneven. */
const SLOW = `api-${REPLICAS}`;
/** Cores of a replica: what it costs while it is idle, about 0.01, has to be little of half of it, and four have to be less than one k6 can ask. */
const SHARE = 0.08;
/** What all are measured at, as a part of the highest rate of a climb at which even replicas met the objectives … */
const PART = 0.9;
/** … in such steps, so that it is between 75 and 90% of what they could do then. */
const STEP = 1.2;
/** Where the climbs begin, in requests a second. */
const START = { cheap: 1800, mixed: 1400 };
/** The part of the requests that are dear where some are. */
const DEAR = 0.03;
/** ip_hash looks at the first three bytes of an address: clients that it may tell apart come from so many networks. */
const NETWORKS = 250;
/** Milliseconds between two loads, for what the last one left; after one that was too much. */
const PAUSE = 500;
const RECOVERY = 4000;

/** The plan as it is carried out. */
export function planForAlgorithms(plan: Plan, quick: boolean): Plan {
  return {
    ...plan,
    work: false,
    counts: [REPLICAS],
    rounds: 1,
    share: SHARE,
    objectives: objectivesFor({ share: SHARE, mix: plan.mix, work: false }),
    precision: 0,
    ...(quick ? { warmRequests: 12_000, warmup: 1, measure: 3 } : { warmRequests: 24_000, warmup: 2, measure: 7 }),
  };
}

/**
 * Measures every way under every condition, at a rate that even replicas can well do.
 *
 * @param tellsClientsApart whether the edge sees more than one address of this machine: not through a container's published port.
 */
export function runAlgorithms(subject: Subject, plan: Plan, tellsClientsApart: boolean, say: Say): Promise<Algorithms> {
  return onBench(subject, plan, say, async (bench, questions) => {
    const load = { warmup: plan.warmup, measure: plan.measure, networks: tellsClientsApart ? NETWORKS : 0 };
    const comparison: Running = { bench, say, result: { arms: [], refused: [] } };
    await prepare(bench, plan, REPLICAS, questions);
    try {
      await bench.cluster.balance('least_conn');
      // The climb with dear ones first: replicas become faster all the time, and most requests are measured at the other rate.
      const mixed = await suited(bench, plan, { ...load, dear: DEAR, rate: START.mixed });
      const cheap = await suited(bench, plan, { ...load, dear: 0, rate: START.cheap });
      say(`all are measured at ${number(cheap.rate, 0)} requests/s, and at ${number(mixed.rate, 0)} with dear ones among them`);
      await conditions(comparison, { cheap, mixed }, createRandom(plan.seed));
    } finally {
      await bench.cluster.balance(undefined);
    }
    return comparison.result;
  });
}

interface Running {
  bench: Bench;
  say: Say;
  result: Algorithms;
}

async function conditions(running: Running, { cheap, mixed }: { cheap: Load; mixed: Load }, random: () => number): Promise<void> {
  const { cluster } = running.bench;
  const all = async (condition: Condition, load: Load) => {
    for (const algorithm of shuffled(ALGORITHMS, random)) await measure(running, condition, algorithm, load);
  };
  await all('even', cheap);
  await all('long', mixed);
  await cluster.quota(SLOW, SHARE / 2);
  await all('uneven', cheap);
  await cluster.quota(SLOW, SHARE);
  // Last: it may be too much for a replica, which needs a while to get over that.
  if (cheap.networks > 0) await measure(running, 'even', 'ip_hash', { ...cheap, networks: 0 });
}

/** The load at {@link PART} of the highest rate at which the replicas meet the objectives, by a climb from `load`'s. */
async function suited(bench: Bench, { objectives }: Plan, load: Load): Promise<Load> {
  const { api } = await bench.cluster.status();
  const holds = async (rate: number) => {
    const { cheap, failed, dropped } = await serve(bench, api, { ...load, rate, warmup: 1, measure: 3 });
    const held = cheap.p95 <= objectives.p95 && cheap.p99 <= objectives.p99 && failed <= objectives.failed && dropped === 0;
    await wait(held ? PAUSE : RECOVERY);
    return held;
  };
  let { rate } = load;
  while (!(await holds(rate))) {
    rate /= STEP ** 2;
    if (rate < 10) throw new LoadError('Not even ten requests a second met the objectives.');
  }
  while (await holds(rate * STEP)) rate *= STEP;
  return { ...load, rate: Math.round(rate * PART) };
}

async function measure({ bench, say, result }: Running, condition: Condition, algorithm: Algorithm, load: Load): Promise<void> {
  const { cluster } = bench;
  try {
    await cluster.balance(algorithm, algorithm === 'weighted' ? weightsFor(condition) : undefined);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (!result.refused.some((one) => one.algorithm === algorithm)) result.refused.push({ algorithm, words: error.message });
    return;
  }
  const { api } = await cluster.status();
  const served = await serve(bench, api, load);
  const arm: Arm = { condition, algorithm, oneNetwork: load.networks === 0, served };
  result.arms.push(arm);
  say(describe(arm));
  await wait(PAUSE);
}

/** Those of somebody who knows the quotas. */
function weightsFor(condition: Condition): number[] {
  return Array.from({ length: REPLICAS }, (_, index) => (condition === 'uneven' && index === REPLICAS - 1 ? 1 : 2));
}

function describe({ condition, algorithm, oneNetwork, served: { goodput, cheap, failed, spread } }: Arm): string {
  const shares = spread.map(({ part }) => percent(part, 0)).join(' ');
  const clients = algorithm === 'ip_hash' && oneNetwork ? ', clients of one network' : '';
  return `${condition}, ${algorithm}${clients}: ${number(goodput, 0)}/s, median ${milliseconds(cheap.med)}, p95 ${milliseconds(cheap.p95)}, p99 ${milliseconds(cheap.p99)}, ${percent(failed, 2)} failed; ${shares}`;
}
