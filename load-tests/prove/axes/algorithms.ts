import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError } from '@tenfold/cluster';
import { onBench, type Subject } from '../experiment.ts';
import { FIRST_GUESS, objectivesFor, type Plan } from '../plan.ts';
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
/** Cores of a replica. More than in the scaling proof: what a replica costs while it is idle would be half of half a quota there. */
const SHARE = 0.1;
/** The part of their quotas that even replicas use at the rate that all are measured at. */
const USED = 0.8;
/** The part of the requests that are dear where some are. */
const DEAR = 0.03;
/** ip_hash looks at the first three bytes of an address: clients that it may tell apart come from so many networks. */
const NETWORKS = 250;
/** Milliseconds between two loads, for what the last one left. */
const PAUSE = 1000;

/** The plan as it is carried out. */
export function planForAlgorithms(plan: Plan, quick: boolean): Plan {
  return {
    ...plan,
    counts: [REPLICAS],
    rounds: 1,
    share: SHARE,
    objectives: objectivesFor(SHARE),
    precision: 0,
    ...(quick ? { warmRequests: 8000, warmup: 1, measure: 4 } : { warmRequests: 20_000, warmup: 2, measure: 8 }),
  };
}

/**
 * Measures every way under every condition, at the rate at which even replicas use {@link USED} of their quotas.
 *
 * @param tellsClientsApart whether the edge sees more than one address of this machine: not through a container's published port.
 */
export function runAlgorithms(subject: Subject, plan: Plan, tellsClientsApart: boolean, say: Say): Promise<Algorithms> {
  return onBench(subject, plan, async (bench, questions) => {
    const load = { warmup: plan.warmup, measure: plan.measure, networks: tellsClientsApart ? NETWORKS : 0 };
    const comparison: Running = { bench, say, result: { arms: [], refused: [] } };
    await prepare(bench, plan, REPLICAS, questions);
    try {
      const cheap = {
        ...load,
        dear: 0,
        rate: await rateFor(bench, { ...load, dear: 0, rate: FIRST_GUESS.browse * SHARE * REPLICAS * 0.5 }),
      };
      const mixed = { ...load, dear: DEAR, rate: await rateFor(bench, { ...load, dear: DEAR, rate: cheap.rate * 0.6 }) };
      say(
        `even replicas use ${percent(USED, 0)} of their quotas at ${number(cheap.rate, 0)} requests/s, with dear ones at ${number(mixed.rate, 0)}`,
      );
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

/** Two looks: the idle work of a replica is a smaller part of what it does the more it has to do. */
async function rateFor(bench: Bench, load: Load): Promise<number> {
  const { api } = await bench.cluster.status();
  let { rate } = load;
  for (let look = 0; look < 2; look += 1) {
    const { use } = await serve(bench, api, { ...load, rate, warmup: 1, measure: 4 });
    rate *= USED / usedBy(use).mean;
    await wait(PAUSE);
  }
  return Math.round(rate);
}

/** The parts of their quotas that replicas used. */
export function usedBy({ processes }: Served['use']): { mean: number; most: number } {
  const used = processes.flatMap(({ name, cores, share }) => (/^api-\d+$/.test(name) && share !== null ? [cores / share] : []));
  return { mean: used.reduce((sum, part) => sum + part, 0) / used.length, most: Math.max(...used) };
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
