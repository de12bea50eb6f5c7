import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '@tenfold/cluster';
import { Interrupted } from '../run/errors.ts';
import { guessFor } from './guess.ts';
import { stockUp } from './needs.ts';
import { experimentsOf, firstGuess, isShared, type Plan, settingsFor, SHARED_LIMIT, turnsOf } from './plan.ts';
import { loadQuestions, type Question } from './pool.ts';
import { prioritise } from './priority.ts';
import { createRandom, shuffled } from './random.ts';
import { describe, keepDatabases, measure, pidsOf, prepare, release, type Run, type Say, serveFirst } from './run.ts';
import type { Bench } from './trial.ts';
import { createShoppers } from './users.ts';

/** What is known of a cluster before anything is measured. */
export type Subject = Pick<Bench, 'cluster' | 'k6' | 'target' | 'edge'>;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Cores for k6 where it is to be too few. */
const SLOW = 0.1;

/** Makes a bench of a cluster, and leaves it as it was, when the work is done and when it is interrupted. @throws LoadError */
export async function onBench<T>(
  subject: Subject,
  plan: Plan,
  say: Say,
  work: (bench: Bench, questions: Question[]) => Promise<T>,
): Promise<T> {
  const { cluster, target } = subject;
  const { api } = await cluster.status();
  const { ended, listenNoMore } = onInterrupt(say);
  const scratch = await mkdtemp(join(tmpdir(), 'tenfold-prove-'));
  try {
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
    return await work(bench, questions);
  } catch (error) {
    throw ended.aborted ? ended.reason : error;
  } finally {
    await putInOrder(cluster, plan, api.length, say);
    await rm(scratch, { recursive: true, force: true });
    listenNoMore();
  }
}

/** What one step can't do keeps no other from being done: a quota that stays would make the cluster slow for good. */
async function putInOrder(cluster: Cluster, plan: Plan, replicas: number, say: Say): Promise<void> {
  const steps = [
    () => release(cluster, plan),
    () => cluster.balance(undefined),
    () => (plan.tier === 'postgres-replica' ? keepDatabases(cluster) : Promise.resolve()),
    () => cluster.scale('api', replicas, () => undefined),
    () => cluster.renew({}),
    async () => prioritise(pidsOf(await cluster.usage()), 0),
  ];
  for (const step of steps) {
    await step().catch((error: unknown) =>
      say(`the cluster is not as it was, restart it: ${error instanceof Error ? error.message : String(error)}`),
    );
  }
}

/** Ctrl-C: what runs is ended, and the cluster put in order; a second one ends at once. */
function onInterrupt(say: Say) {
  const ending = new AbortController();
  const end = () => {
    say('interrupted: putting the cluster in order … (once more: leave it as it is)');
    listenNoMore();
    ending.abort(new Interrupted());
  };
  const listenNoMore = () => SIGNALS.forEach((signal) => process.off(signal, end));
  for (const signal of SIGNALS) process.once(signal, end);
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
          const found = guessFor(n, runs, firstGuess(plan));
          const guess = isShared(plan.control) ? Math.min(found, SHARED_LIMIT) : found;
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
