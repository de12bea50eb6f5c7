import { setTimeout as wait } from 'node:timers/promises';
import { onBench, type Subject } from '../experiment.ts';
import { brokenOf, isSound } from '../gates.ts';
import { firstGuess, type Plan } from '../plan.ts';
import type { Circumstances } from '../proof.ts';
import type { Question } from '../pool.ts';
import type { Comparison } from '../report/comparison.ts';
import { milliseconds, number, percent } from '../report/text.ts';
import { describe, measure, prepare, type Run, type Say } from '../run.ts';
import { type Bench, runTrial, type Trial } from '../trial.ts';

/** The same CPU in two shapes. */
export interface Pair {
  /** Quotas of the plan's size. */
  k: number;
  /** k replicas of one quota each. */
  wide: Arm;
  /** One replica of k quotas. */
  tall: Arm;
}

interface Arm {
  run: Run;
  /** What a crash of one replica costs at half of the capacity. */
  crash: Trial;
}

/** Seconds of the load around a crash, and how far into it a replica is killed: k6 takes about one to begin. */
const CRASH = { measure: 12, after: 5000 };
/** Milliseconds for the replica that was killed to be back, and calm. */
const BACK = 4000;

/** Measures k replicas of one quota against one of k quotas, for each k. */
export function runVertical(subject: Subject, plan: Plan, say: Say): Promise<Pair[]> {
  return onBench(subject, plan, say, async (bench, questions) => {
    const pairs: Pair[] = [];
    let guess = firstGuess(plan);
    for (const k of plan.counts) {
      say(`${k} ${k === 1 ? 'quota' : 'quotas'}: as many replicas`);
      const wide = await armOf({ bench, questions, say, plan, n: k, guess: guess * k });
      say(`${k} ${k === 1 ? 'quota' : 'quotas'}: one replica`);
      const tall = await armOf({
        bench,
        questions,
        say,
        plan: { ...plan, share: plan.share * k },
        n: 1,
        guess: wide.run.capacity || guess * k,
      });
      guess = (wide.run.capacity || guess * k) / k;
      pairs.push({ k, wide, tall });
    }
    return pairs;
  });
}

interface ArmOptions {
  bench: Bench;
  questions: readonly Question[];
  say: Say;
  plan: Plan;
  n: number;
  guess: number;
}

async function armOf({ bench, questions, say, plan, n, guess }: ArmOptions): Promise<Arm> {
  await prepare(bench, plan, n, questions);
  const run = await measure(bench, plan, { n, guess }, say);
  say(describe(run, plan));
  const { api } = await bench.cluster.status();
  // Signing in takes small replicas seconds: not those in which one is to be killed.
  await bench.tokens();
  const load = runTrial(bench, api, { rate: Math.max(1, run.capacity / 2), warmup: plan.warmup, measure: CRASH.measure });
  // It may be interrupted before it is waited for.
  load.catch(() => undefined);
  await wait(CRASH.after, undefined, { signal: bench.ended });
  const victim = api[0]?.name ?? '';
  await bench.cluster.kill(victim);
  const crash = await load;
  say(`  ${victim} was killed at half of that: ${percent(crash.failed)} of ${crash.requests} requests failed`);
  await wait(BACK);
  return { run, crash };
}

const failed = ({ crash }: Arm) => percent(crash.failed);

export function compareVertical(pairs: readonly Pair[], circumstances: Circumstances): Comparison {
  const top = pairs.at(-1);
  const { share } = circumstances.plan;
  const arms = pairs.flatMap(({ k, wide, tall }) => [
    { k, words: `${k} ${k === 1 ? 'replica' : 'replicas'}`, ...wide },
    { k, words: `1 replica of ${percent(share * k, 0)}`, ...tall },
  ]);
  return {
    title: 'out or up',
    verdict: top
      ? `With ${percent(share * top.k, 0)} of a core, ${top.k} replicas did ${number(top.wide.run.capacity, 0)} requests a second and one did ${number(top.tall.run.capacity, 0)}; when a replica crashed, ${failed(top.wide)} and ${failed(top.tall)} of the requests of those seconds failed.`
      : 'Nothing was measured.',
    charts: [
      {
        title: 'Requests a second by CPU',
        caption: 'The highest rate that met the same objectives.',
        xAxis: `quotas of ${percent(share, 0)} of a core`,
        yAxis: 'requests a second',
        series: [
          { name: 'as many replicas of one quota', points: pairs.map(({ k, wide }) => [k, wide.run.capacity]) },
          { name: 'one replica of as many quotas', points: pairs.map(({ k, tall }) => [k, tall.run.capacity]) },
        ],
      },
      {
        title: 'What a crash costs',
        caption: `Per cent of the requests in ${CRASH.measure} s at half of the capacity in which one replica was killed and came back.`,
        xAxis: `quotas of ${percent(share, 0)} of a core`,
        yAxis: 'requests that failed, %',
        series: [
          { name: 'as many replicas of one quota', points: pairs.map(({ k, wide }) => [k, 100 * wide.crash.failed]) },
          { name: 'one replica of as many quotas', points: pairs.map(({ k, tall }) => [k, 100 * tall.crash.failed]) },
        ],
      },
    ],
    tables: [
      {
        title: 'The figures',
        columns: ['quotas', 'shape', 'requests/s', 'median at 80%', 'p95', 'p99', 'failed in the crash', 'slowest then', 'gates'],
        rows: arms.map(({ k, words, run, crash }) => [
          String(k),
          words,
          number(run.capacity),
          milliseconds(run.confirmation.latency.med),
          milliseconds(run.confirmation.latency.p95),
          milliseconds(run.confirmation.latency.p99),
          percent(crash.failed),
          milliseconds(crash.latency.max),
          isSound(run.gates)
            ? 'passed'
            : `broken: ${brokenOf(run.gates)
                .map(({ name }) => name)
                .join(', ')}`,
        ]),
      },
    ],
    notes: [
      'Both shapes may use the same CPU, held to it by the kernel, and have to meet the same objectives. One large replica has less to do that every replica does (health checks, probes, the watch on the database) and stands still for a shorter part of each period; many small ones go on when one of them crashes.',
      'A replica runs its JavaScript on one core: past that there is no taller replica, only more of them. That is not seen here, where the largest has less than a core.',
    ],
    circumstances,
  };
}
