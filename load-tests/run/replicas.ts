/**
 * How evenly the replicas shared the work, from k6's exported summary.
 *
 * @returns lines for a person; none when the replicas were not known.
 */
export function describeReplicas(summary: unknown): string[] {
  const counts = countsByReplica(summary);
  const replicas = [...counts].filter(([name, count]) => name !== 'edge' && name !== 'none' && count > 0);
  if (replicas.length === 0) return [];
  const total = replicas.reduce((sum, [, count]) => sum + count, 0);
  const mean = total / replicas.length;
  const spread = Math.max(...replicas.map(([, count]) => Math.abs(count - mean) / mean));
  const shares = replicas.map(([name, count]) => `${name} ${((100 * count) / total).toFixed(1)}%`);
  const refused = counts.get('edge') ?? 0;
  return [
    `${shares.join(', ')}; at most ${(100 * spread).toFixed(1)}% from the mean`,
    ...(refused > 0 ? [`${refused} requests were answered by the edge itself`] : []),
  ];
}

/** `requests_by_replica{replica:NAME}` is one entry a replica. */
function countsByReplica(summary: unknown): Map<string, number> {
  const counts = new Map<string, number>();
  const metrics = fieldOf(summary, 'metrics');
  if (typeof metrics !== 'object' || metrics === null) return counts;
  for (const [key, metric] of Object.entries(metrics)) {
    const name = /^requests_by_replica\{replica:(.+)\}$/.exec(key)?.[1];
    const count = fieldOf(metric, 'count');
    if (name !== undefined && typeof count === 'number') counts.set(name, count);
  }
  return counts;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}
