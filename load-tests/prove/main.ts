import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterError, composeCluster, localCluster } from '@tenfold/cluster';
import { lock } from '@tenfold/local/lock';
import { Interrupted, LoadError, UsageError } from '../run/errors.ts';
import { findK6 } from '../run/k6.ts';
import { HELP, type Invocation, parseInvocation } from './arguments.ts';
import { planForAlgorithms, runAlgorithms } from './axes/algorithms.ts';
import { brokenGates, compareAlgorithms } from './axes/algorithms-compared.ts';
import { compareDays, HOUR, runAutoscale } from './axes/autoscale.ts';
import { LENGTH, planForOverload, runOverload } from './axes/overload.ts';
import { brokenBy, compareOverload } from './axes/overload-judged.ts';
import { compareVertical, runVertical } from './axes/vertical.ts';
import { runExperiment } from './experiment.ts';
import { faultIn } from './faults.ts';
import { isSound } from './gates.ts';
import { describeMachine } from './machine.ts';
import { BRIEF, FULL, hasWork, isShared, type Plan, QUICK, quotaFor } from './plan.ts';
import { type Circumstances, type Proof, proofOf } from './proof.ts';
import { writeComparison } from './report/comparison.ts';
import { writeReport } from './report/files.ts';
import type { Run } from './run.ts';

/** What there is to say of a fault on purpose. */
const FAULT = {
  found: { words: 'was found', code: 0 },
  missed: { words: 'was not found', code: 1 },
  void: { words: 'can not be told from what made this void', code: 4 },
};

interface Outcome {
  verdict: string;
  code: number;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOCK = join(ROOT, '.tenfold/prove.lock');
const say = (line: string) => void process.stderr.write(`tenfold: ${line}\n`);
// Whoever read it may have gone, with the terminal: the cluster is put in order all the same.
process.stderr.on('error', () => undefined);

try {
  const argv = process.argv.slice(2);
  const invocation = parseInvocation(argv);
  if (invocation === undefined) process.stdout.write(`${HELP}\n`);
  else process.exitCode = await prove(invocation, argv);
} catch (error) {
  if (!(error instanceof LoadError || error instanceof ClusterError)) throw error;
  say(error.message);
  if (error instanceof UsageError) say('--help shows what there is.');
  // Work that was interrupted may still wait for something.
  if (error instanceof Interrupted) process.exit(130);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function prove(invocation: Invocation, argv: readonly string[]): Promise<number> {
  const [name, work] = axisOf(invocation);
  const folder = resolve(ROOT, invocation.out ?? join('.tenfold', name));
  await mkdir(dirname(LOCK), { recursive: true });
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new UsageError(`--out ${folder} can't be a folder: ${error instanceof Error ? error.message : String(error)}`);
  });
  // Two at once would measure each other, and put what the other needs in order.
  const release =
    invocation.from === undefined ? lock(LOCK, (pid) => `Another proof runs here (process ${pid}): let it end first.`) : undefined;
  const { verdict, code } = await work(invocation, argv, folder).finally(release);
  say(verdict);
  say(`${relative(process.cwd(), folder)} has the report.`);
  return code;
}

function axisOf({ vertical, autoscale, overload, algorithms, from, on, tier, control, quick, brief }: Invocation) {
  if (algorithms) return ['algorithms', whichBalancing] as const;
  if (vertical) return ['vertical', outOrUp] as const;
  if (autoscale) return ['autoscale', aDay] as const;
  if (overload) return ['overload', tenTimesTooMuch] as const;
  // A proof of one kind is not lost to one of another.
  const kind = [from && 'again', on === 'compose' && on, tier !== 'api' && tier, control, quick && 'quick', brief && 'brief'].filter(
    Boolean,
  );
  return [['proof', ...kind].join('-'), scaling] as const;
}

async function scaling(invocation: Invocation, argv: readonly string[], folder: string): Promise<Outcome> {
  const proof = invocation.from === undefined ? await measure(invocation, argv, folder) : again(await earlier(invocation.from));
  await writeReport(folder, proof);
  const { control } = proof.circumstances.plan;
  if (control !== undefined) {
    const { words, code } = FAULT[faultIn(control, proof)];
    return { verdict: `${proof.verdict} The fault that was made on purpose, ${control}, ${words}.`, code };
  }
  if (!proof.valid) return { verdict: proof.verdict, code: 4 };
  return { verdict: proof.verdict, code: proof.goals.every(({ met }) => met) ? 0 : 3 };
}

function parsed(text: string): Partial<Proof> {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

async function earlier(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new LoadError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The verdict is formed anew: a report never says what its runs don't. */
function again(text: string): Proof {
  const { runs, circumstances }: Partial<Proof> = parsed(text);
  if (!Array.isArray(runs) || !circumstances) throw new LoadError('--from takes the proof.json of a scaling proof.');
  return proofOf(runs, circumstances);
}

async function measure(invocation: Invocation, argv: readonly string[], folder: string): Promise<Proof> {
  const { subject, plan, circumstances } = await prepare(invocation, argv);
  const keep = (runs: readonly Run[]) => writeReport(folder, proofOf(runs, circumstances()));
  const runs = await runExperiment(subject, plan, say, keep);
  return proofOf(runs, circumstances());
}

async function outOrUp(invocation: Invocation, argv: readonly string[], folder: string): Promise<Outcome> {
  const { subject, plan, circumstances } = await prepare(invocation, argv);
  const pairs = await runVertical(subject, plan, say);
  const comparison = compareVertical(pairs, circumstances());
  await writeComparison(folder, comparison, pairs);
  return { verdict: comparison.verdict, code: pairs.every(({ wide, tall }) => isSound(wide.run.gates) && isSound(tall.run.gates)) ? 0 : 4 };
}

async function aDay(invocation: Invocation, argv: readonly string[], folder: string): Promise<Outcome> {
  const { subject, plan, circumstances } = await prepare(invocation, argv);
  const hour = invocation.brief ? HOUR.brief : invocation.quick ? HOUR.quick : HOUR.full;
  const days = await runAutoscale(subject, plan, hour, say);
  const comparison = compareDays(days, hour, circumstances());
  await writeComparison(folder, comparison, days);
  if (days.some(({ broken }) => broken.length > 0)) return { verdict: comparison.verdict, code: 4 };
  return { verdict: comparison.verdict, code: days.every(({ missed }) => missed === null) ? 0 : 3 };
}

async function whichBalancing(invocation: Invocation, argv: readonly string[], folder: string): Promise<Outcome> {
  const { subject, plan: given, circumstances } = await prepare(invocation, argv);
  const plan = planForAlgorithms(given, invocation.quick);
  const result = await runAlgorithms(subject, plan, invocation.on === 'local', say);
  const comparison = compareAlgorithms(result, { ...circumstances(), plan });
  await writeComparison(folder, comparison, result);
  return { verdict: comparison.verdict, code: result.arms.every((arm) => brokenGates(arm).length === 0) ? 0 : 4 };
}

async function tenTimesTooMuch(invocation: Invocation, argv: readonly string[], folder: string): Promise<Outcome> {
  const { subject, plan: given, circumstances } = await prepare(invocation, argv);
  const plan = planForOverload(given);
  const result = await runOverload(subject, plan, invocation.brief ? LENGTH.brief : LENGTH.full, say);
  const { findings, ...comparison } = compareOverload(result, { ...circumstances(), plan });
  for (const { what, found, goal, met } of findings) say(`${met ? 'met   ' : 'MISSED'} ${what}: ${found} (goal: ${goal})`);
  await writeComparison(folder, comparison, { findings, ...result });
  if (brokenBy(result).length > 0) return { verdict: comparison.verdict, code: 4 };
  return { verdict: comparison.verdict, code: findings.every(({ met }) => met) ? 0 : 3 };
}

/** Finds the cluster and says how it is to be measured. */
async function prepare({ quick, brief, counts, rounds, seed, on, mix, bare, tier, control }: Invocation, argv: readonly string[]) {
  const cluster = on === 'compose' ? composeCluster() : localCluster();
  const k6 = await findK6(say);
  const { edge } = await cluster.status();
  // What all wait for has to be full before the machine is: two cores do that many requests only without work.
  const work = hasWork(mix) && !bare && !isShared(control);
  const base = brief ? BRIEF : quick ? QUICK : FULL;
  const plan: Plan = {
    ...base,
    ...quotaFor({ on, mix, work }),
    on,
    counts: counts ?? base.counts,
    rounds: rounds ?? base.rounds,
    // A fault that breaks a gate breaks it each time.
    repeats: control === undefined || isShared(control) ? base.repeats : 0,
    seed,
    mix,
    work,
    tier,
    control,
  };
  const startedAt = new Date().toISOString();
  const machine = describeMachine(k6.version);
  const command = ['npm run prove', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ');
  return {
    subject: { cluster, k6, target: edge.url, edge: edge.pid },
    plan,
    circumstances: (): Circumstances => ({ command, on, mix, startedAt, finishedAt: new Date().toISOString(), machine, plan }),
  };
}
