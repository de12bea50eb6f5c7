import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterError, composeCluster, localCluster } from '@tenfold/cluster';
import { LoadError, UsageError } from '../run/errors.ts';
import { findK6 } from '../run/k6.ts';
import { HELP, type Invocation, parseInvocation } from './arguments.ts';
import { runExperiment } from './experiment.ts';
import { describeMachine } from './machine.ts';
import { judge, runOverload } from './overload.ts';
import { FULL, type Plan, QUICK } from './plan.ts';
import { type Proof, proofOf } from './proof.ts';
import { writeReport } from './report/files.ts';
import type { Run } from './run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const say = (line: string) => void process.stderr.write(`tenfold: ${line}\n`);

try {
  const argv = process.argv.slice(2);
  const invocation = parseInvocation(argv);
  if (invocation === undefined) process.stdout.write(`${HELP}\n`);
  else process.exitCode = await prove(invocation, argv);
} catch (error) {
  if (!(error instanceof LoadError || error instanceof ClusterError)) throw error;
  say(error.message);
  if (error instanceof UsageError) say('--help shows what there is.');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function prove(invocation: Invocation, argv: readonly string[]): Promise<number> {
  if (invocation.overload) return overload(invocation);
  const folder = resolve(ROOT, invocation.out ?? join('.tenfold', 'proof'));
  const proof = invocation.from === undefined ? await measure(invocation, argv, folder) : again(await readFile(invocation.from, 'utf8'));
  await writeReport(folder, proof);
  say(proof.verdict);
  say(`${relative(process.cwd(), join(folder, 'index.html'))} is the report.`);
  if (!proof.valid) return 4;
  return proof.goals.every(({ met }) => met) ? 0 : 3;
}

async function overload({ out }: Invocation): Promise<number> {
  const cluster = localCluster();
  const k6 = await findK6(say);
  const { edge, api } = await cluster.status();
  const result = await runOverload({ cluster, k6, target: edge.url, edge: edge.pid }, say);
  await cluster.scale('api', api.length, say);
  const findings = judge(result);
  for (const { what, found, goal, met } of findings) say(`${met ? 'met   ' : 'MISSED'} ${what}: ${found} (goal: ${goal})`);
  const folder = resolve(ROOT, out ?? join('.tenfold', 'proof'));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'overload.json'), `${JSON.stringify({ findings, ...result }, null, 2)}\n`);
  return findings.every(({ met }) => met) ? 0 : 3;
}

/** The verdict is formed anew: a report never says what its runs don't. */
function again(text: string): Proof {
  const { runs, circumstances }: Proof = JSON.parse(text);
  return proofOf(runs, circumstances);
}

async function measure(
  { quick, counts, rounds, seed, on, mix, control }: Invocation,
  argv: readonly string[],
  folder: string,
): Promise<Proof> {
  const cluster = on === 'compose' ? composeCluster() : localCluster();
  const k6 = await findK6(say);
  const { edge, api } = await cluster.status();
  const base = quick ? QUICK : FULL;
  const plan: Plan = { ...base, counts: counts ?? base.counts, rounds: rounds ?? base.rounds, seed, mix, control };
  const startedAt = new Date().toISOString();
  const machine = describeMachine(k6.version);
  const command = ['npm run prove', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ');
  const proof = (runs: readonly Run[]) =>
    proofOf(runs, { command, on, mix, startedAt, finishedAt: new Date().toISOString(), machine, plan });
  const keep = (runs: readonly Run[]) => writeReport(folder, proof(runs));
  const runs = await runExperiment({ cluster, k6, target: edge.url, edge: edge.pid }, plan, say, keep);
  await cluster.scale('api', api.length, say);
  return proof(runs);
}
