import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError, type State } from '@tenfold/cluster';
import { lastLineSince, sizeOf } from '../files/log.ts';
import { end, killGroup, type StopStep } from '../process/end.ts';
import { describeExit, launch, type Program, type Running } from '../process/launch.ts';
import type { Records } from '../process/records.ts';
import { until } from '../process/until.ts';
import { backoff, RECOVERED } from './backoff.ts';
import { messageOf } from '../process/message-of.ts';

/** What all services of a cluster share. */
export type Supervision = Pick<ServiceOptions, 'records' | 'closing' | 'changed'>;

export interface ServiceOptions {
  name: string;
  /** What to run; asked again for every start. */
  program: () => Program;
  /** What has to be there before it can be started. `failures`: starts that went wrong in a row until now. */
  prepare?: (failures: number) => Promise<void>;
  /** Looked at every 50 ms until it is true. */
  isReady: () => Promise<boolean>;
  /** Milliseconds; a process that takes longer is killed and started again. */
  readyWithin: number;
  stop: readonly [StopStep, ...StopStep[]];
  records: Records;
  /** Aborted when the whole cluster is being stopped: nothing is started any more. */
  closing: AbortSignal;
  /** Called after every change of state. */
  changed: (service: Service, note?: string) => void;
}

/** One process that is meant to run: started again whenever it ends by itself. */
export interface Service {
  readonly name: string;
  readonly state: State;
  readonly pid: number | undefined;
  /** How it last ended by itself and its last words; undefined once it serves again. */
  readonly problem: string | undefined;
  /**
   * Starts it and waits until it is ready.
   *
   * @throws ClusterError when three starts in a row fail. It goes on trying all the same, until it is stopped.
   */
  start(): Promise<void>;
  /** Ends it for good. */
  stop(steps?: readonly StopStep[]): Promise<void>;
  /** SIGKILL, as a crash would be. */
  kill(): void;
}

/** How many starts may fail before `start` says so. A killed Postgres needs a second one: its old memory goes last. */
const ATTEMPTS = 3;

export function createService(options: ServiceOptions): Service {
  let state: State = 'stopped';
  let running: Running | undefined;
  let problem: string | undefined;
  let wanted = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  wanted.abort();

  const become = (next: State, note?: string) => {
    state = next;
    options.changed(service, note);
  };
  const keepRunning = async (isWanted: AbortSignal, first: FirstStart) => {
    let failures = 0;
    while (!isWanted.aborted) {
      become('starting');
      const attempt = await runOnce(options, failures, isWanted, {
        started: (process) => (running = process),
        ready: () => {
          problem = undefined;
          become('ready');
          first.succeed();
        },
      }).catch((error: unknown): Attempt => ({ readyFor: 0, problem: `${options.name} could not be started: ${messageOf(error)}` }));
      running = undefined;
      if (isWanted.aborted) break;
      failures = attempt.readyFor > RECOVERED ? 1 : failures + 1;
      problem = attempt.problem;
      if (failures >= ATTEMPTS) first.fail(problem);
      const delay = backoff(failures);
      become('restarting', `${problem}; starts again ${delay === 0 ? 'at once' : `in ${(delay / 1000).toFixed(1)} s`}`);
      await wait(delay, undefined, { signal: isWanted }).catch(() => undefined);
    }
    first.fail(problem ?? `${options.name} was stopped`);
  };

  const service: Service = {
    name: options.name,
    get state() {
      return state;
    },
    get pid() {
      return running?.pid;
    },
    get problem() {
      return problem;
    },
    async start() {
      if (!wanted.signal.aborted) return;
      await loop;
      if (options.closing.aborted) throw new ClusterError('The cluster is being stopped.');
      wanted = new AbortController();
      const first = firstStart();
      loop = keepRunning(wanted.signal, first);
      await first.outcome;
    },
    async stop(steps = options.stop) {
      wanted.abort();
      if (running) {
        become('draining');
        await end(running, steps);
      }
      await loop;
      if (state !== 'stopped') become('stopped');
    },
    kill() {
      running?.signal('SIGKILL');
    },
  };
  return service;
}

interface FirstStart {
  outcome: Promise<void>;
  succeed: () => void;
  fail: (sentence: string) => void;
}

function firstStart(): FirstStart {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return {
    outcome: promise,
    succeed: resolve,
    fail: (sentence) => reject(new ClusterError(sentence.endsWith('.') ? sentence : `${sentence}.`)),
  };
}

interface Attempt {
  /** Milliseconds from ready until its end; 0 when it never was. */
  readyFor: number;
  problem: string;
}

/** One life of the process, from its preparation to its end. */
async function runOnce(
  options: ServiceOptions,
  failures: number,
  isWanted: AbortSignal,
  on: { started: (running: Running) => void; ready: () => void },
): Promise<Attempt> {
  const { name, records } = options;
  try {
    await options.prepare?.(failures);
  } catch (error) {
    return { readyFor: 0, problem: `${name} could not be prepared: ${messageOf(error)}` };
  }
  if (isWanted.aborted) return { readyFor: 0, problem: `${name} was stopped` };

  const program = options.program();
  const logStart = sizeOf(program.log);
  const running = launch(program);
  if (running.pid > 0) records.add({ name, pid: running.pid, started: running.started, polite: options.stop[0].signal });
  on.started(running);

  const ended = new AbortController();
  let readyAt: number | undefined;
  const readiness = watchReadiness(options, running, ended.signal, () => {
    if (isWanted.aborted) return;
    readyAt = performance.now();
    on.ready();
  });
  const exit = await running.exited;
  ended.abort();
  killGroup(running.pid);
  records.remove(running.pid);
  await readiness;
  // One that was killed had no time for last words: what it said before is about something else.
  const words = exit.code === null || exit.code === 0 ? '' : lastLineSince(program.log, logStart);
  return {
    readyFor: readyAt === undefined ? 0 : performance.now() - readyAt,
    problem: `${name} ${describeExit(exit)}${words && `: ${words}`}`,
  };
}

async function watchReadiness(options: ServiceOptions, running: Running, ended: AbortSignal, ready: () => void): Promise<void> {
  try {
    await until(options.isReady, { what: `${options.name} was not ready`, within: options.readyWithin, signal: ended });
  } catch {
    running.signal('SIGKILL'); // too slow, or gone already
    return;
  }
  ready();
}
