/** What was measured of one subject, one figure a round. */
export interface Line {
  name: string;
  goal: number | undefined;
  /** Microseconds of CPU a request. */
  costs: number[];
  /** To the bare server that sends the same bytes, measured right before. */
  ratios: number[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]];
  return (low + high) / 2;
}

/** Medians, with the range of the ratio over the rounds. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ name, goal, costs, ratios }) => {
    const ratio = median(ratios);
    return [
      name,
      `${median(costs).toFixed(0)} µs`,
      `${ratio.toFixed(2)}x`,
      `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
      goal === undefined ? '' : `${goal}x ${ratio <= goal ? 'met' : 'missed'}`,
    ];
  });
  const all = [['', 'CPU a request', 'to bare node:http', 'range', 'goal'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
