import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { confirmationGates, type Gate, isSound, machineGates, missedObjective, saturationGates, searchGate } from './gates.ts';
import { experimentOf, type Plan } from './plan.ts';
import { fillMemory, loadQuestions, type Question } from './pool.ts';
import { createRandom, shuffled } from './random.ts';
import { searchCapacity } from './search.ts';
import { mustObey, stockUp } from './needs.ts';
import { createShoppers } from './users.ts';
import { useNow } from './collect/sampler.ts';
import { prioritise } from './priority.ts';
import { type Bench, runTrial, type Trial } from './trial.ts';

type Say = (line: string) => void;

/** One search of the capacity of `n` replicas, and what it rests on. */
export interface Run {
  n: number;
  round: number;
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

/** Requests a second that the first search begins with, for a replica with a whole core; afterwards the last result is the guess. */
const FIRST_GUESS = 2600;
/** Requests a second while the replicas, without quotas, are made warm: of each, and of all together, with room to spare. */
const WARM_RATE = { each: 700, all: 1400 };
/** Cores for k6 where it is to be too few. */
const SLOW = 0.1;
/** Milliseconds between two trials. */
const PAUSE = 1000;
/** After a trial that failed: the part of its quota that a replica uses once it has got over it, and seconds to wait for that. */
const CALM = 0.4;
const RECOVERY = 30;

/**
 * Measures the capacity of each number of replicas, in random order, round after round.
 *
 * @param keep is given all runs until now after each one: an experiment that is interrupted leaves them.
 * @returns all runs, void ones too: they are shown, and count for nothing.
 */
export async function runExperiment(
  bench: Pick<Bench, 'cluster' | 'k6' | 'target' | 'edge'>,
  plan: Plan,
  say: Say,
  keep: (runs: readonly Run[]) => Promise<void>,
): Promise<Run[]> {
  const random = createRandom(plan.seed);
  const scratch = await mkdtemp(join(tmpdir(), 'tenfold-prove-'));
  const runs: Run[] = [];
  try {
    const shoppers = createShoppers(bench.target);
    const generator = plan.control === 'slow-generator' ? SLOW : undefined;
    const experiment = experimentOf(plan.control);
    const whole: Bench = { ...bench, mix: plan.mix, experiment, scratch, generator, tokens: () => shoppers.tokens() };
    const questions = await loadQuestions(bench.target);
    await makeSure(bench, plan, questions);
    await writeFile(join(scratch, 'pool.json'), JSON.stringify(questions));
    let perReplica = FIRST_GUESS * plan.share;
    for (let round = 1; round <= plan.rounds; round += 1) {
      for (const n of shuffled(plan.counts, random)) {
        for (let repeat = 0; repeat <= plan.repeats; repeat += 1) {
          await prepare(whole, plan, n, questions);
          const run = await measure(whole, plan, n, round, perReplica * n, say);
          runs.push(run);
          if (run.capacity > 0) perReplica = run.capacity / n;
          say(describe(run, plan));
          await keep(runs);
          if (run.valid) break;
        }
      }
    }
  } finally {
    await bench.cluster.quota('api', undefined);
    await rm(scratch, { recursive: true, force: true });
  }
  return runs;
}

/** What a mix or a fault needs of the cluster. @throws LoadError */
async function makeSure({ cluster, target }: Pick<Bench, 'cluster' | 'target'>, { mix, control }: Plan, questions: readonly Question[]) {
  const experiment = experimentOf(control);
  if (experiment !== '') await mustObey(target, experiment);
  if (mix !== 'browse') await stockUp(cluster, target, [...new Set(questions.map(({ sku }) => sku))]);
}

async function measure(bench: Bench, plan: Plan, n: number, round: number, guess: number, say: Say): Promise<Run> {
  const { api } = await bench.cluster.status();
  const search: Run['search'] = [];
  const trial = async (rate: number) => {
    await (search.at(-1)?.missed ? untilCalm(bench, plan) : wait(PAUSE));
    return undisturbed(bench, plan, () => runTrial(bench, api, { rate, warmup: plan.warmup, measure: plan.measure }), say);
  };
  let last: Trial | undefined;
  const found = await searchCapacity(
    async (rate) => {
      last = await trial(rate);
      const missed = missedObjective(last, plan.objectives);
      search.push({ rate, missed: missed ?? null });
      return { passed: missed === undefined, evidence: last };
    },
    { guess: Math.round(guess * 10) / 10, precision: plan.precision, most: plan.trials },
  );
  const saturation = found?.evidence ?? last;
  if (!saturation) throw new RangeError('a search needs at least one trial');
  const confirmation = await trial(Math.round(saturation.rate * 8) / 10);
  const gates = [searchGate(found, search), ...saturationGates(saturation), ...confirmationGates(confirmation, plan.objectives)];
  return {
    n,
    round,
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

/** Exactly `n` replicas, warm, each under its quota. */
async function prepare(bench: Bench, plan: Plan, n: number, questions: readonly Question[]): Promise<void> {
  await bench.cluster.quota('api', undefined);
  await bench.cluster.scale('api', n, () => undefined);
  const { api } = await bench.cluster.status();
  for (const replica of api) await fillMemory(replica, questions);
  prioritise((await bench.cluster.usage()).flatMap(({ pid }) => pid ?? []));
  const rate = Math.min(WARM_RATE.each * n, WARM_RATE.all);
  await runTrial(bench, api, { rate, warmup: 0, measure: Math.ceil((plan.warmRequests * n) / rate) });
  await bench.cluster.quota('api', plan.share);
  if (plan.control === 'half-quota') await bench.cluster.quota('api-1', plan.share / 2);
}

/** Does a trial again when something else took the machine meanwhile. */
async function undisturbed(bench: Bench, { patience, retries }: Plan, trial: () => Promise<Trial>, say: Say): Promise<Trial> {
  for (let attempt = 0; ; attempt += 1) {
    await untilQuiet(bench, patience, say);
    const result = await trial();
    const broken = machineGates(result).filter(({ passed }) => !passed);
    if (broken.length === 0 || attempt === retries) return result;
    say(`  disturbed, once more: ${broken.map(({ detail }) => detail).join('; ')}`);
  }
}

/** Waits until no replica is busy with what the last trial left: its queue, and connections that timed out. */
async function untilCalm({ cluster }: Bench, { share }: Plan): Promise<void> {
  for (let look = 0; look < RECOVERY; look += 1) {
    const { processes } = await useNow(cluster);
    if (processes.every(({ name, cores }) => !name.startsWith('api-') || cores <= CALM * share)) return;
  }
}

/** Waits for a second in which nothing else runs, `patience` seconds at most: whether there was one is seen in the gates. */
async function untilQuiet({ cluster }: Bench, patience: number, say: Say): Promise<void> {
  for (let look = 0; look < patience; look += 1) {
    const { foreign } = await useNow(cluster);
    if (foreign <= QUIET) return;
    if (look === 0) say(`  waiting for a quiet moment: other programs take ${(100 * foreign).toFixed(0)}% of a core`);
  }
}

function describe({ n, round, capacity, gates, search, saturation: { latency } }: Run, plan: Plan): string {
  const broken = gates.filter(({ passed }) => !passed);
  const verdict = broken.length === 0 ? 'all gates passed' : `VOID: ${broken.map(({ name, detail }) => `${name}: ${detail}`).join('; ')}`;
  return `round ${round}/${plan.rounds}, ${n} replicas: ${capacity.toFixed(1)} requests/s (${(capacity / n).toFixed(1)} each), p95 ${latency.p95.toFixed(0)} ms, ${search.length} trials; ${verdict}`;
}
