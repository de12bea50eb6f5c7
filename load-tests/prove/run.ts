import { setTimeout as wait } from 'node:timers/promises';
import { useNow } from './collect/sampler.ts';
import { confirmationGates, type Gate, isSound, machineGates, missedObjective, saturationGates, searchGate } from './gates.ts';
import { FIRST_GUESS, type Plan } from './plan.ts';
import { fillMemory, type Question } from './pool.ts';
import { prioritise } from './priority.ts';
import { searchCapacity } from './search.ts';
import { type Bench, runTrial, type Trial } from './trial.ts';

export type Say = (line: string) => void;

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

/** Requests a second while the replicas, without quotas, are made warm: of each, and of all together; fewer where they cost more. */
const WARM_RATE = { each: 700, all: 1400 };
/** Milliseconds between two trials. */
const PAUSE = 1000;
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
  { n, round, guess }: { n: number; round: number; guess: number },
  say: Say,
): Promise<Run> {
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
export async function prepare(bench: Bench, plan: Plan, n: number, questions: readonly Question[]): Promise<void> {
  await bench.cluster.quota('api', undefined);
  await bench.cluster.scale('api', n, () => undefined);
  const { api } = await bench.cluster.status();
  for (const replica of api) await fillMemory(replica, questions);
  prioritise((await bench.cluster.usage()).flatMap(({ pid }) => pid ?? []));
  const rate = Math.min(WARM_RATE.each * n, WARM_RATE.all);
  const part = FIRST_GUESS[plan.mix] / FIRST_GUESS.browse;
  await runTrial(bench, api, { rate: rate * part, warmup: 0, measure: Math.ceil((plan.warmRequests * n) / rate) });
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

/** For the person who waits. */
export function describe({ n, round, capacity, gates, search, saturation: { latency } }: Run, plan: Plan): string {
  const broken = gates.filter(({ passed }) => !passed);
  const verdict = broken.length === 0 ? 'all gates passed' : `VOID: ${broken.map(({ name, detail }) => `${name}: ${detail}`).join('; ')}`;
  return `round ${round}/${plan.rounds}, ${n} replicas: ${capacity.toFixed(1)} requests/s (${(capacity / n).toFixed(1)} each), p95 ${latency.p95.toFixed(0)} ms, ${search.length} trials; ${verdict}`;
}
