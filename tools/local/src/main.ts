import { chmodSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterError, localCluster, locate, type Place, type Progress, stateDirectory, UsageError } from '@tenfold/cluster';
import { HELP, type Invocation, parseInvocation } from './arguments.ts';
import { isDetached, runDetached, tellParent } from './detached.ts';
import { type Audience, logTo, runHere } from './foreground.ts';
import { endLeftBehind } from './process/records.ts';
import { ownerOf } from './state/lock.ts';
import { reset } from './supervisor/boot.ts';

/** For a terminal: what happens goes to stderr, what was asked for to stdout. */
const say: Progress = (line) => void process.stderr.write(`tenfold: ${line}\n`);
const show = (text: string) => void process.stdout.write(`${text}\n`);

// A reader that went away (`npm start | head`) must not end the cluster.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = error instanceof UsageError ? 2 : 1;
  const text = error instanceof ClusterError ? error.message : describe(error);
  if (isDetached()) await tellParent({ failed: text });
  else say(text);
}
// Nothing may keep us any more: what still runs was given up on. But what was said has to arrive.
for (const stream of [process.stdout, process.stderr]) await new Promise<unknown>((resolve) => stream.write('', resolve));
if (process.connected) process.disconnect();
process.exit();

async function main(argv: string[]): Promise<void> {
  const invocation = parseInvocation(argv);
  if (invocation.command === 'help') show(HELP);
  else if (invocation.command === 'stop') await stop(makePlace(), invocation.reset);
  else await start(makePlace(), invocation, argv);
}

async function start(place: Place, invocation: Extract<Invocation, { command: 'start' }>, argv: string[]): Promise<void> {
  const log = logTo(place);
  const note = (line: string) => (log(line), say(line));
  if (invocation.detach) {
    const again = argv.filter((argument) => argument !== '--detach');
    await runDetached(place, fileURLToPath(import.meta.url), again, { say, ready: (text) => show(`${text}npm stop ends it.\n`), note });
    return;
  }
  await runHere(
    place,
    invocation.options,
    isDetached() ? remoteAudience(log) : { say, ready: (text) => show(`${text}Ctrl-C ends it.\n`), note },
  );
}

function remoteAudience(log: Progress): Audience {
  return {
    say: (line) => (log(line), void tellParent({ say: line })),
    ready: (text) => (log('ready'), void tellParent({ ready: text })),
    note: log,
  };
}

async function stop(place: Place, wipe: boolean): Promise<void> {
  if (ownerOf(place.lock)) {
    await localCluster(place.dir).stop(say);
    say('stopped');
  } else {
    const left = await endLeftBehind(place.records);
    say(left.length > 0 ? `ended what an earlier supervisor left behind: ${left.join(', ')}` : 'no cluster was running');
  }
  if (!wipe) return;
  await reset(place);
  rmSync(place.run, { recursive: true, force: true });
  removeIfEmpty(dirname(place.run));
  say('all data are deleted');
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another instance's folder is in there.
  }
}

function makePlace(): Place {
  const directory = stateDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700); // an earlier, looser one too: it holds secrets
  const place = locate(directory);
  mkdirSync(place.logs, { recursive: true, mode: 0o700 });
  return place;
}

function describe(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && 'path' in error) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
