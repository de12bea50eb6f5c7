import { ClusterError, type Command, type Place, type Progress } from '@tenfold/cluster';
import type { Step } from '../progress.ts';
import { explainFullDisk } from '../state/disk.ts';
import { lock } from '../state/lock.ts';
import { type Ground, prepareGround, type StartOptions } from './boot.ts';
import { serveControl } from './control-server.ts';
import { createExclusive } from './exclusive.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

export interface RunOptions {
  place: Place;
  start: StartOptions;
  step: Step;
  /** For the person who waits for the start. */
  say: Progress;
  /** For the log, as long as the cluster runs. */
  note: Progress;
  /** Called when the cluster is ready. */
  ready: (ground: Ground, url: string) => Promise<void>;
  /** Aborted to end the cluster. */
  stop: AbortController;
  /** Aborted to end it without draining. */
  force: AbortSignal;
}

/**
 * Runs the cluster: starts it, serves the CLI, and ends it when told to. Resolves when nothing of it is left.
 *
 * @throws ClusterError when it could not be started; then, too, nothing is left.
 */
export async function runCluster(options: RunOptions): Promise<void> {
  const release = lock(options.place.lock, (pid) => `A cluster runs here already (supervisor ${pid}): \`npm stop\` ends it.`);
  try {
    const ground = await prepareGround(options.place, options.start, options.step, options.say);
    options.stop.signal.throwIfAborted();
    await supervise(ground, options);
  } catch (error) {
    throw await explainFullDisk(error, options.place.data);
  } finally {
    release();
  }
}

async function supervise(ground: Ground, options: RunOptions): Promise<void> {
  const { stop, force, note } = options;
  const supervisor = createSupervisor(ground, note);
  const ended = Promise.withResolvers<void>();
  const stopListeners = new Set<Progress>();
  let isReady = false;
  const control = await serveControl(ground.place, async (command, progress) => {
    if (command.verb === 'status') return supervisor.status();
    if (command.verb === 'stop') {
      stopListeners.add(progress);
      stop.abort(new ClusterError('The cluster was stopped before it was ready.'));
      return ended.promise;
    }
    if (command.verb === 'usage') return supervisor.quotas.usage();
    if (!isReady) throw new ClusterError('The cluster is still starting.');
    return perform(command, progress);
  });
  const perform = performer(supervisor);

  const stopAll = async () => {
    const forced = () => void supervisor.stopNow();
    force.addEventListener('abort', forced, { once: true });
    if (force.aborted) forced();
    await supervisor.stop((line) => [note, ...stopListeners].forEach((tell) => tell(line)));
  };
  try {
    await untilAborted(supervisor.start(options.step, stop.signal), stop.signal);
    await options.ready(ground, supervisor.url);
    isReady = true;
    await aborted(stop.signal);
  } finally {
    await stopAll();
    ended.resolve();
    control.close();
  }
}

/** The changes that a person can ask for, one at a time. */
function performer(supervisor: Supervisor) {
  const exclusive = createExclusive();
  return async (command: Exclude<Command, { verb: 'status' | 'stop' | 'usage' }>, progress: Progress): Promise<void> => {
    switch (command.verb) {
      case 'scale':
        await exclusive(`scale ${command.service}=${command.count}`, progress, () =>
          supervisor.scale(command.service, command.count, progress),
        );
        break;
      case 'renew':
        await exclusive('renew', progress, () => supervisor.renew(command.settings));
        break;
      case 'serve':
        await exclusive('serve', progress, () => supervisor.serve(command.count ?? undefined));
        break;
      case 'drain':
        await exclusive(`drain ${command.name}`, progress, () => supervisor.drain(command.name, progress));
        break;
      case 'stop-service':
        await exclusive(`stop ${command.name}`, progress, () => supervisor.stopService(command.name));
        break;
      case 'start-service':
        await exclusive(`start ${command.name}`, progress, () => supervisor.startService(command.name));
        break;
      case 'rotate-keys':
        await exclusive('rotate-keys', progress, () => supervisor.rotateKeys(progress));
        break;
      case 'reload-edge':
        await supervisor.reloadEdge();
        break;
      case 'balance':
        await exclusive('balance', progress, () => supervisor.balance(command.by ?? undefined, command.weights));
        break;
      case 'max-conns':
        await exclusive('max-conns', progress, () => supervisor.maxConns(command.count ?? undefined));
        break;
      case 'quota':
        supervisor.quotas.set(command.name, command.share ?? undefined);
        break;
      case 'kill':
        supervisor.kill(command.name);
        break;
    }
  };
}

/** Waits for `work`, or throws the signal's reason as soon as it aborts. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const interrupted = Promise.withResolvers<never>();
  const interrupt = () => interrupted.reject(signal.reason);
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    await Promise.race([work, interrupted.promise]);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
