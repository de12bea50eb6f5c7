import { readFileSync } from 'node:fs';
import type { ApiStatus } from '@tenfold/cluster';

/** What a replica counts about itself, from its own metrics. */
export interface ReplicaCounts {
  name: string;
  /** Answers to requests that came through the edge: health checks left out. */
  requests: number;
  shed: number;
  /** Seconds that requests have waited for a database connection, all together. */
  poolWait: number;
  /** Reads answered from the replica's own memory, and those that asked Redis or Postgres. */
  localReads: number;
  remoteReads: number;
  /** Since the last look, in seconds. */
  eventLoopP99: number;
  /** Seconds that the database replica farthest behind may be behind. */
  lag: number;
}

/** Asks every replica. Costs each some milliseconds of CPU, so never while something is measured. */
export async function readReplicas(replicas: readonly ApiStatus[]): Promise<ReplicaCounts[]> {
  return Promise.all(
    replicas.map(async ({ name, host = '127.0.0.1', metricsPort }) => {
      const response = await fetch(`http://${host}:${metricsPort}/metrics`);
      return countsFrom(name, await response.text());
    }),
  );
}

/** @param text of Prometheus's exposition format. */
export function countsFrom(name: string, text: string): ReplicaCounts {
  const series = text.split('\n').flatMap((line) => {
    const [, metric, labels = '', value] = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return metric === undefined ? [] : [{ metric, labels, value: Number(value) }];
  });
  const sum = (metric: string, matches: (labels: string) => boolean = () => true) =>
    series.filter((one) => one.metric === metric && matches(one.labels)).reduce((total, { value }) => total + value, 0);
  return {
    name,
    requests: sum('http_requests_total', (labels) => labels.includes('route="/v1/')),
    shed: sum('shed_requests_total'),
    poolWait: sum('db_pool_wait_seconds_sum'),
    localReads: sum('cache_reads_total', (labels) => labels.includes('tier="l1"')),
    remoteReads: sum('cache_reads_total', (labels) => !labels.includes('tier="l1"')),
    eventLoopP99: sum('nodejs_eventloop_lag_p99_seconds'),
    lag: Math.max(0, ...series.filter(({ metric }) => metric === 'db_replica_lag_seconds').map(({ value }) => value)),
  };
}

/**
 * Established connections from the edge to the replicas: rows of its network's table whose far end is a replica's port. None where its
 * process can't be seen from here, or is another by now.
 */
export function upstreamConnections(edge: number | null, replicas: readonly ApiStatus[]): number {
  const ports = new Set(replicas.map(({ port }) => port.toString(16).toUpperCase().padStart(4, '0')));
  return connectionsOf(edge).filter((row) => {
    const [, , remote = '', state] = row.trim().split(/\s+/);
    return state === '01' && ports.has(remote.split(':')[1] ?? '');
  }).length;
}

function connectionsOf(pid: number | null): string[] {
  try {
    return readFileSync(`/proc/${pid ?? 'self'}/net/tcp`, 'utf8')
      .split('\n')
      .slice(1);
  } catch {
    return [];
  }
}
