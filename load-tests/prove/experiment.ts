import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '@tenfold/cluster';
import { Interrupted, LoadError } from '../run/errors.ts';
import { guessFor } from './guess.ts';
import { stockUp } from './needs.ts';
import { experimentsOf, firstGuess, isShared, type Plan, settingsFor, SHARED, turnsOf } from './plan.ts';
import { loadQuestions, type Question } from './pool.ts';
import { prioritise } from './priority.ts';
import { createRandom, shuffled } from './random.ts';
import { describe, keepDatabases, measure, pidsOf, prepare, releases, type Run, type Say, serveFirst } from './run.ts';
import type { Bench } from './trial.ts';
import { createShoppers } from './users.ts';

/** What is known of a cluster before anything is measured. */
export type Subject = Pick<Bench, 'cluster' | 'k6' | 'target' | 'edge'>;

/** Of somebody who is there, and may have had enough; a terminal that is closed says so more than once. */
const IMPATIENT = ['SIGINT', 'SIGTERM'] as const;
const SIGNALS = [...IMPATIENT, 'SIGHUP'] as const;

/** Cores for k6 where it is to be too few. */
const SLOW = 0.1;

/** Makes a bench of a cluster, and leaves it as it was, when the work is done and when it is interrupted. @throws LoadError */
export async function onBench<T>(
  subject: Subject,
  plan: Plan,
  say: Say,
  work: (bench: Bench, questions: Question[]) => Promise<T>,
): Promise<T> {
  const { cluster } = subject;
  const { api } = await cluster.status();
  const { ended, listenNoMore } = onInterrupt(say);
  const scratch = await mkdtemp(join(tmpdir(), 'tenfold-prove-'));
  const [outcome] = await Promise.allSettled([atBench(subject, plan, { scratch, ended }, work)]);
  const left = await putInOrder(cluster, plan, api.length);
  await rm(scratch, { recursive: true, force: true });
  listenNoMore();
  const state =
    left.length > 0 ? `The cluster is not as it was, restart it: ${left.join('; ')}` : 'Replicas, quotas and balancing are as they were.';
  if (outcome.status === 'rejected') {
    say(state);
    throw ended.aborted ? ended.reason : outcome.reason;
  }
  if (left.length > 0) throw new LoadError(state);
  return outcome.value;
}

async function atBench<T>(
  subject: Subject,
  plan: Plan,
  { scratch, ended }: Pick<Bench, 'scratch' | 'ended'>,
  work: (bench: Bench, questions: Question[]) => Promise<T>,
): Promise<T> {
  const { cluster, target } = subject;
  const shoppers = createShoppers(target);
  const questions = await loadQuestions(target);
  if (plan.mix !== 'browse' && plan.mix !== 'uncached') {
    await cluster.renew(settingsFor(plan));
    await stockUp(cluster, target, [...new Set(questions.map(({ sku }) => sku))]);
  }
  await writeFile(join(scratch, 'pool.json'), JSON.stringify(questions));
  const bench: Bench = {
    ...subject,
    mix: plan.mix,
    tier: plan.tier,
    experiment: experimentsOf(plan),
    scratch,
    ended,
    generator: plan.control === 'slow-generator' ? SLOW : undefined,
    tokens: () => shoppers.tokens(),
  };
  return work(bench, questions);
}

/**
 * What one step can't do keeps no other from being done: a quota that stays would make the cluster slow for good.
 *
 * @returns what could not be done.
 */
async function putInOrder(cluster: Cluster, plan: Plan, replicas: number): Promise<string[]> {
  const steps = [
    ...releases(cluster, plan),
    () => cluster.balance(undefined),
    () => cluster.maxConns(undefined),
    () => (plan.tier === 'postgres-replica' ? keepDatabases(cluster) : Promise.resolve()),
    () => cluster.scale('api', replicas, () => undefined),
    () => cluster.renew({}),
    async () => prioritise(pidsOf(await cluster.usage()), 0),
  ];
  const left: string[] = [];
  for (const step of steps) {
    await step().catch((error: unknown) => left.push(error instanceof Error ? error.message : String(error)));
  }
  return left;
}

/** Ctrl-C: what runs is ended, and the cluster put in order; a second one ends at once. */
function onInterrupt(say: Say) {
  const ending = new AbortController();
  const end = () => {
    if (ending.signal.aborted) return;
    say('interrupted: ending what runs, then putting the cluster in order … (once more: leave it as it is)');
    for (const signal of IMPATIENT) process.off(signal, end);
    ending.abort(new Interrupted());
  };
  const listenNoMore = () => SIGNALS.forEach((signal) => process.off(signal, end));
  for (const signal of SIGNALS) process.on(signal, end);
  return { ended: ending.signal, listenNoMore };
}

/**
 * Measures the capacity of each number of replicas, in random order, round after round. In each round as many are started as are
 * needed at most, and warmed: replicas of one age, of which those that aren't measured have nothing to do.
 *
 * @param keep is given all runs until now after each one: an experiment that is interrupted leaves them.
 * @returns all runs, void ones too: they are shown, and count for nothing.
 */
export function runExperiment(subject: Subject, plan: Plan, say: Say, keep: (runs: readonly Run[]) => Promise<void>): Promise<Run[]> {
  const random = createRandom(plan.seed);
  return onBench(subject, plan, say, async (bench, questions) => {
    const runs: Run[] = [];
    // Too few of them are said before anything is measured.
    if (plan.tier === 'postgres-replica') await keepDatabases(subject.cluster, Math.max(...plan.counts));
    // Equal replicas get equal work: decision 0065.
    await subject.cluster.balance('round_robin');
    for (let round = 1; round <= plan.rounds; round += 1) {
      const most = Math.max(...plan.counts);
      say(`round ${round}/${plan.rounds}: ${most} replicas are started and warmed`);
      if (plan.tier === 'api') await prepare(bench, plan, most, questions);
      for (const [turn, n] of shuffled(turnsOf(plan), random).entries()) {
        for (let repeat = 0; repeat <= plan.repeats; repeat += 1) {
          const first = firstGuess(plan);
          // What others of them did says little about how they share it.
          const guess = isShared(plan.control) ? Math.min(first * n, SHARED[plan.control].limit) : guessFor(n, runs, first);
          if (plan.tier === 'api') await serveFirst(bench, plan, { n, guess });
          else await prepare(bench, plan, n, questions);
          const run = await measure(bench, plan, { n, round, turn, guess }, say);
          runs.push(run);
          say(describe(run, plan));
          await keep(runs);
          if (run.valid) break;
        }
      }
    }
    return runs;
  });
}
