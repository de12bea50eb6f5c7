import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkTarget } from '../lib/target.ts';
import { HELP, type Invocation, parseInvocation } from './arguments.ts';
import { childEnv } from './config.ts';
import { LoadError, UsageError } from './errors.ts';
import { journeysFor } from './journeys.ts';
import { findK6, type K6 } from './k6.ts';
import { describeReplicas } from './replicas.ts';
import { locateTarget, type Where } from './where.ts';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const ROOT = resolve(FOLDER, '..');
/** k6's own exit code for broken thresholds. */
const BROKEN = 99;

const say = (line: string) => void process.stderr.write(`tenfold: ${line}\n`);

try {
  const invocation = parseInvocation(process.argv.slice(2));
  if (invocation === undefined) process.stdout.write(`${HELP}\n`);
  else process.exitCode = await load(invocation);
} catch (error) {
  if (!(error instanceof LoadError)) throw error;
  say(error.message);
  if (error instanceof UsageError) say('--help shows what there is.');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function load(invocation: Invocation): Promise<number> {
  const where = await locateTarget(invocation.on);
  const target = allowed(where.url, invocation.owned);
  const k6 = await findK6(say);
  const out = resolve(ROOT, invocation.out ?? join('.tenfold', 'load', invocation.scenario));
  await mkdir(out, { recursive: true });
  say(`${invocation.scenario} on ${target}, with k6 ${k6.version}`);
  const journeys = await journeysFor(invocation, target, say);
  const code = await run(k6, { ...invocation, journeys }, { ...where, url: target }, out);
  const summary = await tidySummary(join(out, 'summary.json'));
  for (const line of describeReplicas(summary)) say(line);
  const found = `${relative(process.cwd(), join(out, 'report.html'))} has the curves, summary.json beside it the numbers.`;
  say(code === 0 || code === BROKEN ? `${verdict(code)} ${found}` : verdict(code));
  return code === 0 || code === BROKEN ? code : 1;
}

/** k6 writes down what setup() returned as well, which is large and may hold tokens. */
async function tidySummary(file: string): Promise<unknown> {
  const { setup_data: _, ...summary } = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  await writeFile(file, JSON.stringify(summary, null, 2));
  return summary;
}

/** The scripts refuse it too; here it is one sentence, without k6's stack. */
function allowed(url: string, owned: string | undefined): string {
  try {
    return checkTarget(url, owned);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function run(k6: K6, invocation: Invocation, { url, replicas, hasWorkers }: Where, out: string): Promise<number> {
  const { scenario, rate, duration, journeys, owned } = invocation;
  const script = (await readdir(FOLDER)).find((name) => name.endsWith(`-${scenario}.ts`)) ?? '';
  const child = spawn(k6.path, ['run', '--no-usage-report', '--address', '', '--summary-export', join(out, 'summary.json'), script], {
    cwd: FOLDER,
    stdio: 'inherit',
    env: childEnv({
      TARGET: url,
      OWNED_TARGET: owned ?? '',
      REPLICAS: replicas.join(','),
      WORKERS: hasWorkers ? '1' : '',
      RATE: String(rate ?? ''),
      DURATION: String(duration ?? ''),
      JOURNEYS: journeys.join(','),
      // k6's own page, written at the end; it needs no server and no network.
      K6_WEB_DASHBOARD: 'true',
      K6_WEB_DASHBOARD_PORT: '-1',
      K6_WEB_DASHBOARD_PERIOD: '1s',
      K6_WEB_DASHBOARD_EXPORT: join(out, 'report.html'),
    }),
  });
  // Ctrl-C reaches k6 by itself (same terminal), which then writes its summary.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  return Number(code ?? 1);
}

function verdict(code: number): string {
  if (code === 0) return 'Every promise was kept.';
  return code === BROKEN ? 'At least one promise was broken (✗ above).' : `k6 failed with exit code ${code}.`;
}
