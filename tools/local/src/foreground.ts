import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError, type Place, type Progress } from '@tenfold/cluster';
import { steps } from './progress.ts';
import type { StartOptions } from './supervisor/boot.ts';
import { runCluster } from './supervisor/run.ts';
import { summary } from './supervisor/summary.ts';

/** Two signals closer than this are one Ctrl-C that reached us twice: from the terminal and from a parent process. */
const SAME_KEYSTROKE = 300;

export interface Audience {
  /** Lines while it starts. */
  say: Progress;
  /** The cluster is ready; once. */
  ready: (text: string) => void;
  /** What happens later. */
  note: Progress;
}

/** Runs the cluster in this process until a signal or the CLI ends it. @throws ClusterError when it could not be started. */
export async function runHere(place: Place, start: StartOptions, audience: Audience): Promise<void> {
  const stop = new AbortController();
  const force = new AbortController();
  listenForSignals(stop, force, audience.note);
  drainOnError(stop, audience.note);
  await runCluster({
    place,
    start,
    step: steps(audience.say),
    say: audience.say,
    note: audience.note,
    ready: async (ground, url) => audience.ready(await summary(ground, url)),
    stop,
    force: force.signal,
  });
}

/** A note in the supervisor's log, with the time. */
export function logTo(place: Place): Progress {
  const file = join(place.logs, 'supervisor.log');
  return (line) => {
    try {
      appendFileSync(file, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
    } catch {
      // A full disk must not end the one who can still drain.
    }
  };
}

function listenForSignals(stop: AbortController, force: AbortController, note: Progress): void {
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first === undefined) {
        first = performance.now();
        note(`${signal}: draining; once more ends everything at once`);
        stop.abort(new ClusterError('Stopped before it was ready.'));
      } else if (performance.now() - first > SAME_KEYSTROKE) {
        note(`${signal} again: ending everything at once`);
        force.abort();
      }
    });
  }
}

/** An error of our own that nobody caught: what we supervise is drained rather than left to itself. */
function drainOnError(stop: AbortController, note: Progress): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      note(`the supervisor failed, draining: ${error instanceof Error ? error.stack : String(error)}`);
      process.exitCode = 1;
      stop.abort(new ClusterError('The supervisor failed; its log says more.'));
    });
  }
}
