import { expect, it } from 'vitest';
import { describeReplicas } from './replicas.ts';

it('says how evenly the replicas shared the work, and what the edge refused', () => {
  const summary = {
    metrics: {
      'requests_by_replica{replica:api-1}': { count: 110 },
      'requests_by_replica{replica:api-2}': { count: 90 },
      'requests_by_replica{replica:api-3}': { count: 0 },
      'requests_by_replica{replica:edge}': { count: 7 },
      requests_by_replica: { count: 207 },
    },
  };
  expect(describeReplicas(summary)).toEqual([
    'api-1 55.0%, api-2 45.0%; at most 10.0% from the mean',
    '7 requests were answered by the edge itself',
  ]);
});

it('says nothing where replicas are not known', () => {
  expect(describeReplicas({ metrics: { 'requests_by_replica{replica:edge}': { count: 3 } } })).toEqual([]);
  expect(describeReplicas(null)).toEqual([]);
});
