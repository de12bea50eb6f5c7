import { ClusterError, type Progress, type ApiStatus } from '@tenfold/cluster';
import { TICK } from './health.ts';
import { createReplica, type Replica, type ReplicaAddress, startAll, statusOf } from './replica.ts';
import { replaceHung } from './routing.ts';
import type { Service, Supervision } from './service.ts';

const ENTRY = 'apps/worker/src/main.ts';

export interface WorkerOptions {
  /** WORKER_MAX_REPLICAS: the number that the database's connections were budgeted for. */
  max: number;
  address: (number: number) => ReplicaAddress;
  logs: string;
  env: (worker: ReplicaAddress) => Record<string, string>;
  /** Says something that a person should find in the supervisor's log. */
  note: Progress;
  service: Supervision;
}

/** The worker processes: nobody sends to them, they fetch their work, so that there may be none or any number at any time. */
export interface Workers {
  status(): ApiStatus[];
  services(): Service[];
  /** Sets how many there are; those that leave finish what they do, or release it to others. @throws ClusterError past the maximum. */
  scale(count: number, progress: Progress): Promise<void>;
  /** Replaces one by a fresh process. @throws ClusterError when there is no such worker. */
  drain(name: string, progress: Progress): Promise<void>;
  /** Replaces what hangs, until the signal aborts. */
  watch(signal: AbortSignal): void;
  stop(): Promise<void>;
}

export function createWorkers(options: WorkerOptions): Workers {
  let workers: Replica[] = [];
  const create = (number: number) =>
    createReplica(options.address(number), { ...options, program: [ENTRY], held: false, changed: () => undefined });

  const grow = async (count: number, progress: Progress) => {
    const fresh = Array.from({ length: count - workers.length }, (_, index) => create(workers.length + index + 1));
    workers = [...workers, ...fresh];
    try {
      await startAll(fresh, progress);
    } catch (error) {
      await Promise.all(fresh.map(({ service }) => service.stop()));
      workers = workers.filter((worker) => !fresh.includes(worker));
      throw error;
    }
  };
  const shrink = async (count: number, progress: Progress) => {
    const leaving = workers.slice(count);
    await Promise.all(leaving.map(({ service }) => service.stop()));
    workers = workers.slice(0, count);
    progress(`${leaving.map(({ name }) => name).join(', ')} drained and ended`);
  };

  return {
    status: () => workers.map(statusOf),
    services: () => workers.map(({ service }) => service),
    async scale(count, progress) {
      checkCount(count, options.max);
      if (count > workers.length) await grow(count, progress);
      else if (count < workers.length) await shrink(count, progress);
      else progress(`there are ${count} workers already`);
    },
    async drain(name, progress) {
      const worker = workers.find((one) => one.name === name);
      if (!worker) throw new ClusterError(`There is no ${name}; there are ${workers.map((one) => one.name).join(', ') || 'no workers'}.`);
      await worker.service.stop();
      progress(`${name} has drained and ended`);
      await worker.service.start();
      progress(`a fresh ${name} works`);
    },
    watch(signal) {
      const timer = setInterval(() => {
        for (const { service, probe } of workers) probe.tick(service.state === 'ready');
        replaceHung(workers, options.note);
      }, TICK);
      signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
    async stop() {
      await Promise.all(workers.map(({ service }) => service.stop()));
    },
  };
}

function checkCount(count: number, max: number): void {
  if (count <= max) return;
  throw new ClusterError(
    `${count} workers are more than WORKER_MAX_REPLICAS=${max}, which the database's connections are budgeted for: start with a higher WORKER_MAX_REPLICAS, and mind WORKER_CONNECTIONS.`,
  );
}
