/**
 * `npm test`: types, lint, format, dead code, then every test; `npm test -- --soak`: the failure tests again, for longer.
 * The last line is `N passed, N failed`, and the exit code says the same.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

const HELP = `npm test [-- --soak] [-- --project unit|integration|e2e|compose] [-- FILE …]

  (nothing)   types, lint, format, dead code and all tests, in under five minutes
  --soak      the failure tests for longer, and nothing else; with --project compose: those of the containers
  --project   only one kind of tests, without the checks
  FILE        only tests whose path contains this, without the checks
`;

const CHECKS: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ['types and lint', 'turbo', ['run', 'typecheck', 'lint', '--output-logs=errors-only']],
  ['format', 'oxfmt', ['--check']],
  ['dead code', 'knip', []],
];

/** Milliseconds that a run may take to stop what it started, after it has reported. */
const TEAR_DOWN = 180_000;

type Output = 'shown' | 'kept';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const options = readArguments();
if (!options) process.exitCode = 2;
else if (options.help) process.stdout.write(HELP);
else await main(options);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { soak: { type: 'boolean' }, project: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    return { ...values, files: positionals };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return undefined;
  }
}

async function main({ soak, project, files }: { soak?: boolean; project?: string; files: string[] }) {
  const everything = !soak && !project && files.length === 0;
  const total: Count = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, command, args] of everything ? CHECKS : []) add(total, await check(name, command, args));
  for (const count of await Promise.all(everything ? allTests() : [vitest(chosen(soak, project), files)])) add(total, count);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  // Where there is nothing to run containers with, all of their checks are skipped.
  process.exitCode = total.failed === 0 && total.passed + total.skipped > 0 ? 0 : 1;
}

/** The end-to-end tests beside the others: most of what both do is wait, for drains, time-outs and restarts. */
function allTests(): Promise<Count>[] {
  return [vitest(['unit', 'integration'], []), vitest(['e2e'], [], 'kept')];
}

function chosen(soak: boolean | undefined, project: string | undefined): string[] {
  if (soak) return [project === 'compose' ? 'compose-soak' : 'soak'];
  return project ? [project] : ['unit', 'integration', 'e2e'];
}

function add(total: Count, { passed, failed, skipped }: Count) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

/** vitest waits for ever for a worker that does not end, and a test that goes on after its time-out is such a worker. */
async function killWhenLate(child: ChildProcess, report: string): Promise<void> {
  const written = await stat(report).catch(() => undefined);
  if (!written || Date.now() - written.mtimeMs < TEAR_DOWN) return;
  process.stdout.write(`FAILED  vitest did not end ${TEAR_DOWN / 1000} s after its report\n`);
  child.kill('SIGKILL');
}

async function check(name: string, command: string, args: readonly string[]): Promise<Count> {
  const started = performance.now();
  const code = await run(command, args);
  process.stdout.write(`${code === 0 ? 'ok' : 'FAILED'}  ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/**
 * Counts what vitest reports; a run that ends without a report, or with errors outside of tests, counts as a failure.
 *
 * @param output is shown as it comes, or kept until the end: of two runs at once only one can be followed.
 */
async function vitest(projects: readonly string[], files: readonly string[], output: Output = 'shown'): Promise<Count> {
  const folder = await mkdtemp(join(tmpdir(), 'tenfold-test-'));
  const report = join(folder, 'report.json');
  try {
    const named = projects.flatMap((project) => ['--project', project]);
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run('vitest', ['run', ...named, ...reporters, ...files], output, report);
    const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = JSON.parse(
      await readFile(report, 'utf8').catch(() => '{}'),
    );
    const failed = Math.max(Number(numFailedTests ?? 0), Number(numFailedTestSuites ?? 0) > 0 || code !== 0 ? 1 : 0);
    return { passed: Number(numPassedTests ?? 0), failed, skipped: Number(numPendingTests ?? 0) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param report the file that the command writes when its work is done: one that doesn't end then is killed. */
async function run(command: string, args: readonly string[], output: Output = 'shown', report?: string): Promise<number> {
  const child = spawn(bin(command), args, { cwd: root, stdio: output === 'shown' ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
  const watch = report !== undefined && setInterval(() => void killWhenLate(child, report), 5000);
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = await once(child, 'close');
  if (watch !== false) clearInterval(watch);
  process.stdout.write(Buffer.concat(said));
  return Number(code ?? 1);
}
