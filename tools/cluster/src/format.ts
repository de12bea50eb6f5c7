import type { ClusterStatus, ApiStatus, StoreStatus } from './status.ts';

const COLUMNS = ['NAME', 'STATE', 'PID', 'PORT', 'METRICS'];

/** The status as a table for a terminal, what went wrong below it. */
export function formatStatus({ edge, api, worker, paymentSandbox, postgres, redis }: ClusterStatus): string {
  const sandbox = paymentSandbox ? [paymentSandbox] : [];
  const stores = [...sandbox, postgres.primary, ...postgres.replicas, redis.cache, redis.state];
  const rows = [
    COLUMNS,
    [edge.name, edge.state, pidOf(edge), new URL(edge.url).port, ''],
    ...[...api, ...worker].map((one) => [one.name, one.state, pidOf(one), String(one.port), String(one.metricsPort)]),
    ...stores.map((one) => [one.name, one.state, pidOf(one), String(one.port), '']),
  ];
  const problems = [edge, ...api, ...worker, ...stores].flatMap(({ problem }) => (problem === undefined ? [] : [`! ${problem}`]));
  return [edge.url, '', ...table(rows), ...(problems.length > 0 ? ['', ...problems] : [])].join('\n');
}

function pidOf({ pid }: Pick<ApiStatus | StoreStatus, 'pid'>): string {
  return pid === null ? '-' : String(pid);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
