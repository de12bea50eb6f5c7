import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster, State } from '@tenfold/cluster';
import { LoadError } from '../run/errors.ts';
import { mustObey } from './needs.ts';
import { useNow } from './collect/sampler.ts';
import { brokenOf, confirmationGates, type Gate, isSound, machineGates, missedObjective, saturationGates, searchGate } from './gates.ts';
import { BARE_GUESS, experimentsOf, firstGuess, type Plan, settingsFor } from './plan.ts';
import { fillMemory, type Question } from './pool.ts';
import { prioritise } from './priority.ts';
import { searchCapacity, twice } from './search.ts';
import { type Bench, runTrial, type Trial } from './trial.ts';

export type Say = (line: string) => void;

/** One search of the capacity of `n` replicas, and what it rests on. */
export interface Run {
  n: number;
  round: number;
  /** Its place in the round: one replica is measured more than once. */
  turn: number;
  /** Requests a second: the highest rate at which the objectives were met. */
  capacity: number;
  /** The lowest rate that failed, if one did. */
  failedAt: number | null;
  saturation: Trial;
  confirmation: Trial;
  gates: Gate[];
  valid: boolean;
  /** Every trial of the search in its order, and why it failed. */
  search: { rate: number; missed: string | null }[];
}

/**
 * Warming up is the mix itself through the edge, without quotas, as many requests to each replica whatever their number: what is
 * sent past the edge runs other code. Requests a second: to one replica at most, and to all.
 */
const WARM = { each: 400, all: 1500 };
/** API replicas, without quotas, in front of the database replicas that are measured. */
const API_FOR_DATABASES = 3;
/** Milliseconds for the API to see which database replicas there are. */
const SETTLE = 3000;
/**
 * Seconds of more than replicas can do, and how much more: the edge then opens all the connections that it is going to need, each of
 * which costs a late replica more than a request (decision 0015).
 */
const BURST = { seconds: 5, part: 1.5 };
/** The part of its limit at which a replica gets over that, and used to its quota: requests come many at a time then. */
const SETTLED = 0.7;
/** An edge that is to be too small, of what a replica has: it needs about as much for what one of them answers. */
const SMALL = 0.2;
/** Seconds of such a load in which the edge opens its connections to as many replicas as are measured next. */
const OPENING = 4;
/** Milliseconds between two looks at what starts, and how many there are at most. */
const PAUSE = 1000;
const PATIENCE = 120;
/** After a trial that failed: the part of its quota that a replica uses once it has got over it, and seconds to wait for that. */
const CALM = 0.4;
const RECOVERY = 30;

/**
 * Searches the capacity of the replicas that {@link prepare} has made ready.
 *
 * @param guess of it, in requests a second.
 */
export async function measure(
  bench: Bench,
  plan: Plan,
  { n, round = 1, turn = 1, guess }: { n: number; round?: number; turn?: number; guess: number },
  say: Say,
): Promise<Run> {
  const { api: all } = await bench.cluster.status();
  const api = plan.tier === 'api' ? all.slice(0, n) : all;
  const tried: { rate: number; missed: string | null; evidence: Trial }[] = [];
  const attempt = async (rate: number) => {
    if (tried.at(-1)?.missed) await untilCalm(bench, plan);
    const evidence = await undisturbed(bench, plan, () => runTrial(bench, api, { rate, warmup: plan.warmup, measure: plan.measure }), say);
    const missed = missedObjective(evidence, plan.objectives) ?? null;
    tried.push({ rate, missed, evidence });
    say(`  ${rate.toFixed(1)} requests/s: ${missed ?? `held, p95 ${evidence.latency.p95.toFixed(0)} ms`}`);
    return { passed: missed === null, evidence };
  };
  const found = await searchCapacity(attempt, { guess, precision: plan.precision, most: plan.trials });
  const search = tried.map(({ rate, missed }) => ({ rate, missed }));
  const saturation = found?.evidence ?? tried.at(-1)?.evidence;
  if (!saturation) throw new RangeError('a search needs at least one trial');
  const { evidence: confirmation } = await twice(attempt, Math.round(saturation.rate * 8) / 10);
  const [first, second] = tried.slice(search.length);
  const before = second && first?.missed;
  const above = tried.filter(({ rate, missed }) => rate === found?.failed && missed !== null).map(({ evidence }) => evidence);
  const gates = [
    searchGate(found, search, plan.precision, above),
    ...saturationGates(saturation),
    ...confirmationGates(confirmation, plan.objectives, before),
  ];
  return {
    n,
    round,
    turn,
    capacity: found ? saturation.goodput : 0,
    failedAt: found?.failed ?? null,
    saturation,
    confirmation,
    gates,
    // A mix that is bound by what there is once is measured all the same: that is what it is for.
    valid: plan.mix === 'browse' ? gates.every(({ passed }) => passed) : isSound(gates),
    search,
  };
}

/** Cores that other programs may take for a trial to begin. */
const QUIET = 0.3;

/** Without a fault on purpose: that would leave a queue of minutes in front of the one thing that all wait for. */
const sound = (bench: Bench, { work }: Plan): Bench => ({ ...bench, experiment: experimentsOf({ work, control: undefined }) });
/** Without the work of a product's own, too: warming up is for the code of the API. */
const bare = (bench: Bench): Bench => ({ ...bench, experiment: '' });

/** Exactly `n` of what is scaled, the API's replicas warm, each of the `n` under its quota. */
export async function prepare(bench: Bench, plan: Plan, n: number, questions: readonly Question[]): Promise<void> {
  const { cluster } = bench;
  for (const step of releases(cluster, plan)) await step();
  const replicas = plan.tier === 'api' ? n : API_FOR_DATABASES;
  await cluster.scale('api', replicas, () => undefined);
  await cluster.renew(settingsFor(plan));
  if (plan.tier === 'postgres-replica') await keepDatabases(cluster, n);
  if (bench.experiment !== '') await mustObey(bench.target, bench.experiment);
  const { api } = await cluster.status();
  for (const replica of api) await fillMemory(replica, questions);
  prioritise(pidsOf(await cluster.usage()));
  const each = Math.min(WARM.each, WARM.all / replicas);
  const rate = each * replicas * (BARE_GUESS[plan.mix] / BARE_GUESS.browse);
  await runTrial(bare(bench), api, { rate, warmup: 0, measure: Math.ceil(plan.warmRequests / each) });
  if (plan.tier === 'api') await cluster.quota('api', plan.share);
  else await boundDatabases(cluster, plan.share);
  if (plan.control === 'half-quota') await cluster.quota(api[0]?.name ?? '', plan.share / 2);
  if (plan.control === 'small-edge') await cluster.quota('edge', SMALL * plan.share);
  const limit = firstGuess(plan) * n;
  await runTrial(sound(bench, plan), api, { rate: BURST.part * limit, warmup: 0, measure: BURST.seconds });
  await runTrial(sound(bench, plan), api, { rate: SETTLED * limit, warmup: 0, measure: plan.settleSeconds });
}

/** The processes, where they are of this machine's own. */
export const pidsOf = (usage: Awaited<ReturnType<Cluster['usage']>>) => usage.flatMap(({ pid }) => pid ?? []);

/** Has the edge send to the first `n` replicas alone, and open its connections to them, of which another number leaves it none. */
export async function serveFirst(bench: Bench, plan: Plan, { n, guess }: { n: number; guess: number }): Promise<void> {
  await bench.cluster.serve(n);
  const { api } = await bench.cluster.status();
  await runTrial(sound(bench, plan), api.slice(0, n), { rate: SETTLED * guess, warmup: 0, measure: OPENING });
}

/** What takes all quotas away, and has all replicas serve, step by step. */
export function releases(cluster: Cluster, { tier, control }: Pick<Plan, 'tier' | 'control'>): (() => Promise<void>)[] {
  return [
    ...(control === 'small-edge' ? [() => cluster.quota('edge', undefined)] : []),
    () => (tier === 'api' ? cluster.quota('api', undefined) : boundDatabases(cluster, undefined)),
    () => cluster.serve(undefined),
  ];
}

async function boundDatabases(cluster: Cluster, share: number | undefined): Promise<void> {
  for (const { name } of await databases(cluster, 'ready')) await cluster.quota(name, share);
}

/**
 * Starts and shuts down database replicas, until `n` of them are there.
 *
 * @param wanted by default all that there are. @throws LoadError when there are fewer.
 */
export async function keepDatabases(cluster: Cluster, wanted?: number): Promise<void> {
  const all = await databases(cluster);
  const n = wanted ?? all.length;
  if (all.length < n) throw new LoadError(`There are ${all.length} database replicas: start the cluster with --scale replica=${n}.`);
  for (const [index, { name, state }] of all.entries()) {
    if (index < n && state === 'stopped') await cluster.startService(name, () => undefined);
    if (index >= n && state !== 'stopped') await cluster.stopService(name, () => undefined);
  }
  for (let look = 0; (await databases(cluster, 'ready')).length < n; look += 1) {
    if (look === PATIENCE) throw new LoadError(`After ${PATIENCE} s there are still fewer than ${n} database replicas ready.`);
    await wait(PAUSE);
  }
  await wait(SETTLE);
}

async function databases(cluster: Cluster, state?: State) {
  const { postgres } = await cluster.status();
  return postgres.replicas.filter((one) => state === undefined || one.state === state);
}

/** Does a trial again when something else took the machine meanwhile. */
async function undisturbed(bench: Bench, { patience, retries }: Plan, trial: () => Promise<Trial>, say: Say): Promise<Trial> {
  for (let attempt = 0; ; attempt += 1) {
    await untilQuiet(bench, patience, say);
    const result = await trial();
    const broken = brokenOf(machineGates(result));
    if (broken.length === 0 || attempt === retries) return result;
    say(`  disturbed, once more: ${broken.map(({ detail }) => detail).join('; ')}`);
  }
}

/** Waits until no replica is busy with what the last trial left: its queue, and connections that timed out. */
async function untilCalm({ cluster, ended }: Bench, { share }: Plan): Promise<void> {
  for (let look = 0; look < RECOVERY; look += 1) {
    ended.throwIfAborted();
    const { processes } = await useNow(cluster);
    if (processes.every(({ share: own, cores }) => own === null || cores <= CALM * share)) return;
  }
}

/** Waits for a second in which nothing else runs, `patience` seconds at most: whether there was one is seen in the gates. */
async function untilQuiet({ cluster, ended }: Bench, patience: number, say: Say): Promise<void> {
  for (let look = 0; look < patience; look += 1) {
    ended.throwIfAborted();
    const { foreign } = await useNow(cluster);
    if (foreign <= QUIET) return;
    if (look === 0) say(`  waiting for a quiet moment: other programs take ${(100 * foreign).toFixed(0)}% of a core`);
  }
}

/** For the person who waits. */
export function describe({ n, round, capacity, gates, search, valid, saturation: { latency } }: Run, plan: Plan): string {
  const broken = brokenOf(gates);
  const words = broken.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
  const verdict = broken.length === 0 ? 'all gates passed' : `${valid ? 'counts, although ' : 'VOID: '}${words}`;
  return `round ${round}/${plan.rounds}, ${n} ${n === 1 ? 'replica' : 'replicas'}: ${capacity.toFixed(1)} requests/s (${(capacity / n).toFixed(1)} each), p95 ${latency.p95.toFixed(0)} ms, ${search.length} trials; ${verdict}`;
}
