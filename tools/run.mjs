#!/usr/bin/env node
/**
 * Runs one of the project's TypeScript tools: `node tools/run.mjs tools/local/src/main.ts start`.
 *
 * The only script that has to work before anything is installed, on whatever Node the machine has (20 or newer): it
 * installs the packages (a newer Node among them) when the lock file changed, then hands over to that Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.tenfold-installed');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };

function fail(sentence) {
  process.stderr.write(`tenfold: ${sentence}\n`);
  process.exit(1);
}

/** What decides whether an install is still good: the lock file, and what it was made from. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', 'packages/db/prisma/schema.prisma']) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function step(what, command, args) {
  const started = Date.now();
  process.stderr.write(`tenfold: ${what} …\n`);
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (error || status !== 0) {
    const log = join(root, '.tenfold', 'install.log');
    mkdirSync(join(root, '.tenfold'), { recursive: true, mode: 0o700 });
    writeFileSync(log, `${stdout ?? ''}\n${stderr ?? ''}\n`);
    const last = `${stdout ?? ''}\n${stderr ?? ''}`.trim().split('\n').slice(-8).join('\n');
    fail(`${what} failed (${error?.message ?? `exit ${status}`}). The last lines, all of them in .tenfold/install.log:\n${last}`);
  }
  process.stderr.write(`tenfold: ${what}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function install() {
  const want = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === want) return;
  rmSync(stamp, { force: true });
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  step('installing packages', 'npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only']);
  step('generating the database client', join(bin, 'turbo'), ['run', 'generate', '--output-logs=errors-only']);
  writeFileSync(stamp, want);
}

if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
const [entry, ...args] = process.argv.slice(2);
if (!entry) fail('usage: node tools/run.mjs FILE.ts [ARGUMENT …]');

install();

const child = spawn(join(bin, 'node'), [join(root, entry), ...args], { env, stdio: 'inherit' });
child.on('error', (error) => fail(`${entry} did not start: ${error.message}`));
// Ctrl-C reaches the child by itself (same terminal); staying alive lets it drain, and its exit code be ours.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 1)));
