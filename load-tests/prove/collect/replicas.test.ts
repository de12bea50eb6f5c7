import { expect, it } from 'vitest';
import { countsFrom, upstreamConnections } from './replicas.ts';

it('reads what a replica counts about itself, health checks left out', () => {
  const text = `# HELP http_requests_total Requests answered
http_requests_total{method="GET",route="/ready",status="200",instance_name="api-1"} 842
http_requests_total{method="GET",route="/v1/products",status="200",instance_name="api-1"} 100
http_requests_total{method="GET",route="/v1/products/:id",status="404",instance_name="api-1"} 20
shed_requests_total{reason="eventLoopDelay",instance_name="api-1"} 3
db_pool_wait_seconds_sum{instance_name="api-1",node="postgres-primary"} 0.5
db_pool_wait_seconds_sum{instance_name="api-1",node="postgres-replica-1"} 0.25
cache_reads_total{tier="l1",instance_name="api-1"} 110
cache_reads_total{tier="l2",instance_name="api-1"} 4
cache_reads_total{tier="origin",instance_name="api-1"} 6
nodejs_eventloop_lag_p99_seconds{instance_name="api-1"} 0.0123
db_replica_lag_seconds{instance_name="api-1",node="postgres-replica-1"} 0.02
db_replica_lag_seconds{instance_name="api-1",node="postgres-replica-2"} 0.31
`;
  expect(countsFrom('api-1', text)).toEqual({
    name: 'api-1',
    requests: 120,
    shed: 3,
    poolWait: 0.75,
    localReads: 110,
    remoteReads: 10,
    eventLoopP99: 0.0123,
    lag: 0.31,
  });
});

it('sees no connections of an edge whose process is not there any more, or on another machine', () => {
  expect(upstreamConnections(1 << 22, [])).toBe(0);
});
