import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from './logger.ts';

export type LifecycleState = 'booting' | 'ready' | 'draining';

interface LifecycleOptions {
  logger: Logger;
  /**
   * Milliseconds to go on serving after SIGTERM. Longer than the edge keeps an idle connection to a replica (4 s), so
   * that when the listener closes no connection is left on which a request could be under way towards it.
   */
  drainWait: number;
  /** Milliseconds after the signal at which the process ends, whatever is still open. */
  deadline: number;
}

/** What a process is doing: `/ready` answers from it, and a drain goes through it. */
export interface Lifecycle {
  readonly state: LifecycleState;
  ready(): void;
  /** Adds a step to the end of the drain; steps run in the order they were added, each awaited. */
  onClose(name: string, close: () => Promise<unknown>): void;
  /** Drains, closes everything and ends the process. The first call decides; later ones do nothing. */
  stop(reason: string): void;
}

/**
 * SIGTERM or SIGINT: not ready any more, but still serving for `drainWait`; then the steps of `onClose`; then exit 0.
 * A second signal skips the wait. An error that nobody caught ends the process at once: the state that it left behind
 * can't be trusted, and another replica takes over.
 */
export function createLifecycle({ logger, drainWait, deadline }: LifecycleOptions): Lifecycle {
  const steps: { name: string; close: () => Promise<unknown> }[] = [];
  const hurry = new AbortController();
  let state: LifecycleState = 'booting';

  const drain = async (reason: string) => {
    logger.info({ reason, drainWait }, 'draining');
    setTimeout(() => {
      logger.error({ deadline }, 'still open at the deadline: exiting anyway');
      process.exit(1);
    }, deadline).unref();
    await wait(drainWait, undefined, { signal: hurry.signal }).catch(() => undefined);
    for (const { name, close } of steps) {
      await close().catch((error: unknown) => logger.error({ err: error, step: name }, 'a step of the drain failed'));
    }
    logger.info('drained');
    process.exit(0);
  };

  const lifecycle: Lifecycle = {
    get state() {
      return state;
    },
    ready() {
      if (state === 'booting') state = 'ready';
    },
    onClose(name, close) {
      steps.push({ name, close });
    },
    stop(reason) {
      if (state === 'draining') return hurry.abort();
      if (state === 'booting') hurry.abort(); // nothing was sent here yet
      state = 'draining';
      void drain(reason);
    },
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => lifecycle.stop(signal));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  return lifecycle;
}
