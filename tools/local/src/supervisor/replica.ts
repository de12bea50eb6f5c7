import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Progress, ApiStatus, State } from '@tenfold/cluster';
import { ROOT } from '../app-tools.ts';
import type { StopStep } from '../process/end.ts';
import { withLimit } from '../process/limit.ts';
import { type Health, isSilent } from './health.ts';
import { ask, createProbe, type Probe } from './probe.ts';
import { createService, type Service, type Supervision } from './service.ts';

/** An API replica serves on for 5 s after SIGTERM, a worker finishes what it does; both are gone in less than 10. */
const DRAIN: readonly [StopStep] = [{ signal: 'SIGTERM', wait: 12_000 }];
/** A second SIGTERM says that nobody is left to wait for. */
export const STOP_NOW: readonly StopStep[] = [{ signal: 'SIGTERM', wait: 50 }, ...DRAIN];

const READY_WITHIN = 60_000;

/** A start takes a core for a second or two: more at once than there are cores would only starve those that serve. */
const STARTS_AT_ONCE = availableParallelism();

export interface ReplicaAddress {
  name: string;
  port: number;
  metricsPort: number;
}

export interface Replica extends ReplicaAddress {
  service: Service;
  probe: Probe;
  /** Kept out of the edge: it comes or goes. Says nothing of a worker. */
  held: boolean;
}

interface ReplicaOptions {
  /** What Node is given: its own options, and the program in this checkout. */
  program: readonly string[];
  logs: string;
  env: (replica: ReplicaAddress) => Record<string, string>;
  held: boolean;
  /** Its part in the edge may have to change. */
  changed: () => void;
  service: Supervision;
}

/** One API replica or worker, not started yet: a process that answers `GET /ready`. */
export function createReplica(address: ReplicaAddress, options: ReplicaOptions): Replica {
  const { name, port } = address;
  const probe = createProbe(port, options.changed);
  const service = createService({
    name,
    ...options.service,
    program: () => ({
      name,
      command: process.execPath,
      args: options.program,
      env: options.env(address),
      cwd: ROOT,
      log: join(options.logs, `${name}.log`),
    }),
    isReady: () => ask(port),
    readyWithin: READY_WITHIN,
    stop: DRAIN,
    changed(changed, note) {
      if (changed.state === 'ready') probe.reset();
      options.service.changed(changed, note);
      options.changed();
    },
  });
  return { ...address, service, probe, held: options.held };
}

/** Starts some, and waits until all are ready. */
export function startAll(replicas: readonly Replica[], progress: Progress): Promise<void> {
  return withLimit(replicas, STARTS_AT_ONCE, async ({ name, service }) => {
    await service.start();
    progress(`${name} is ready`);
  });
}

export function healthOf({ name, service, probe, held }: Replica): Health {
  return { name, running: service.state === 'ready', ready: probe.ready, silentTicks: probe.silentTicks, held };
}

export function statusOf(replica: Replica): ApiStatus {
  const { name, port, metricsPort, service } = replica;
  return {
    name,
    pid: service.pid ?? null,
    port,
    metricsPort,
    state: stateOf(replica),
    ...(service.problem !== undefined && { problem: service.problem }),
  };
}

function stateOf(replica: Replica): State {
  const { service, probe } = replica;
  if (service.state !== 'ready') return service.state;
  if (isSilent(healthOf(replica))) return 'silent';
  return probe.ready ? 'ready' : 'unready';
}
