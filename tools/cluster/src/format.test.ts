import { expect, it } from 'vitest';
import { formatStatus } from './format.ts';
import type { ClusterStatus } from './status.ts';

const store = (name: string, port: number) => ({ name, host: '127.0.0.1', port, pid: 7, state: 'ready' as const });

const status: ClusterStatus = {
  edge: { name: 'edge', url: 'http://127.0.0.1:8080', pid: 4242, state: 'ready' },
  api: [
    { name: 'api-1', pid: 11, port: 20_021, metricsPort: 20_061, state: 'ready' },
    {
      name: 'api-2',
      pid: null,
      port: 20_022,
      metricsPort: 20_062,
      state: 'restarting',
      problem: 'api-2 ended with exit code 1: no such host',
    },
  ],
  worker: [],
  postgres: { primary: store('postgres-primary', 20_000), replicas: [store('postgres-replica-1', 20_001)] },
  redis: { cache: store('redis-cache', 20_010), state: store('redis-state', 20_011) },
};

it('prints a table with aligned columns, and below it what went wrong', () => {
  expect(formatStatus(status)).toBe(`http://127.0.0.1:8080

NAME                STATE       PID   PORT   METRICS
edge                ready       4242  8080
api-1               ready       11    20021  20061
api-2               restarting  -     20022  20062
postgres-primary    ready       7     20000
postgres-replica-1  ready       7     20001
redis-cache         ready       7     20010
redis-state         ready       7     20011

! api-2 ended with exit code 1: no such host`);
});
