import { type Analysis, finalRuns, GOALS, type Level } from '../analyse.ts';
import type { Run } from '../run.ts';
import { throughput } from '../usl/model.ts';
import { type Axis, HEIGHT, line, plane, svg, ticksTo } from './chart.ts';
import { escape, milliseconds, number, percent } from './text.ts';

/** The one chart that takes the whole page. */
const WIDE = 1072;

const replicasAxis = (levels: readonly Level[], from = 0): Axis => {
  const most = levels.at(-1)?.n ?? 1;
  return { from, to: most + 0.5, ticks: levels.map(({ n }) => n), label: 'replicas', format: String };
};

/** Throughput against replicas: what was measured, the law that fits it, and the straight line that it ought to be. */
export function throughputChart({ levels, fit }: Analysis): string {
  const one = levels.find(({ n }) => n === 1)?.capacity ?? fit?.g ?? 0;
  const most = levels.at(-1)?.n ?? 1;
  const ticks = ticksTo(Math.max(one * most, ...levels.map((level) => level.most)) * 1.02);
  const area = plane(replicasAxis(levels), {
    from: 0,
    to: ticks.at(-1) ?? 1,
    ticks,
    label: 'requests a second',
    format: (value) => number(value, 0),
  });
  const steps = Array.from({ length: 101 }, (_, index) => (most * index) / 100);
  const ideal = line(
    area,
    [
      [0, 0],
      [most, one * most],
    ],
    'ideal',
  );
  const law = fit
    ? line(
        area,
        steps.map((n) => [n, throughput(fit, n)] as const),
        'fit',
      )
    : '';
  const points = levels.map(({ n, capacity, least, most: high, runs }) => {
    const title = `<title>${n} replicas: ${number(capacity)} requests a second (${number(least)} to ${number(high)} in ${runs} runs)</title>`;
    const bar = `<path class="error" d="M${area.x(n)} ${area.y(least)}V${area.y(high)}M${area.x(n) - 5} ${area.y(least)}h10M${area.x(n) - 5} ${area.y(high)}h10"/>`;
    return `<g>${title}${bar}<circle class="point" cx="${area.x(n)}" cy="${area.y(capacity)}" r="4.5"/></g>`;
  });
  return svg(
    'Throughput against replicas',
    area.frame +
      ideal +
      law +
      points.join('') +
      legend([
        ['ideal', 'ideal: one replica times N'],
        ['fit', 'the scalability law, fitted'],
        ['point', 'measured: mean and range'],
      ]),
  );
}

/** Efficiency against replicas, with what was aimed at. */
export function efficiencyChart({ levels }: Analysis): string {
  const low = Math.min(0.8, ...levels.map(({ efficiencyRange }) => Math.floor(efficiencyRange[0] * 10) / 10));
  const high = Math.max(1.05, ...levels.map(({ efficiencyRange }) => Math.ceil(efficiencyRange[1] * 20) / 20));
  const ticks = ticksTo(high - low, 5)
    .map((tick) => low + tick)
    .filter((tick) => tick <= high + 1e-9);
  const area = plane(replicasAxis(levels), { from: low, to: high, ticks, label: 'part of ideal', format: (value) => percent(value, 0) });
  const marks = GOALS.filter(({ n }) => levels.some((level) => level.n === n)).map(
    ({ n, efficiency: goal }) =>
      `<g><title>goal: ${percent(goal, 0)} at ${n}</title><path class="goal" d="M${area.x(n) - 12} ${area.y(goal)}h24"/></g>`,
  );
  const points = levels.map(({ n, efficiency, efficiencyRange: [least, most] }) => {
    // On a phone there is no room for the labels of neighbours.
    const style = n === 2 || n === 3 ? 'value small crowded' : 'value small';
    const label = `<text class="${style}" x="${area.x(n)}" y="${area.y(most) - 9}" text-anchor="middle">${percent(efficiency)}</text>`;
    const bar = `<path class="error" d="M${area.x(n)} ${area.y(least)}V${area.y(most)}M${area.x(n) - 5} ${area.y(least)}h10M${area.x(n) - 5} ${area.y(most)}h10"/>`;
    return `${bar}<circle class="point" cx="${area.x(n)}" cy="${area.y(efficiency)}" r="4.5"/>${label}`;
  });
  const ideal = line(
    area,
    [
      [0, 1],
      [levels.at(-1)?.n ?? 1, 1],
    ],
    'ideal',
  );
  return svg(
    'Efficiency against replicas',
    area.frame +
      ideal +
      marks.join('') +
      points.join('') +
      legend(
        [
          ['goal', 'goal'],
          ['point', 'measured: mean and range'],
        ],
        'bottom',
      ),
  );
}

/** Latency at 80% of the capacity, against replicas. */
export function latencyChart(runs: readonly Run[], objectives: { p95: number; p99: number }): string {
  const counts = [...new Set(finalRuns(runs).map(({ n }) => n))].toSorted((one, other) => one - other);
  const rows = counts.map((n) => {
    const all = finalRuns(runs)
      .filter((run) => run.n === n)
      .map(({ confirmation }) => confirmation.latency);
    const mean = (name: 'med' | 'p95' | 'p99') => all.reduce((sum, latency) => sum + latency[name], 0) / all.length;
    return { n, med: mean('med'), p95: mean('p95'), p99: mean('p99') };
  });
  const ticks = ticksTo(Math.max(objectives.p95, ...rows.map(({ p99 }) => p99)) * 1.3);
  const xAxis: Axis = { from: 0, to: (counts.at(-1) ?? 1) + 0.5, ticks: counts, label: 'replicas', format: String };
  const area = plane(xAxis, {
    from: 0,
    to: ticks.at(-1) ?? 1,
    ticks,
    label: 'milliseconds at 80% of capacity',
    format: (value) => number(value, 0),
  });
  const curve = (name: 'med' | 'p95' | 'p99') =>
    line(
      area,
      rows.map((row) => [row.n, row[name]] as const),
      `series ${name}`,
    ) +
    rows
      .map(
        (row) =>
          `<circle class="dot ${name}" cx="${area.x(row.n)}" cy="${area.y(row[name])}" r="3.5"><title>${row.n} replicas: ${milliseconds(row[name])}</title></circle>`,
      )
      .join('');
  const bound = line(
    area,
    [
      [0, objectives.p95],
      [counts.at(-1) ?? 1, objectives.p95],
    ],
    'goal',
  );
  const words = `<text class="tick" x="${area.x(counts.at(-1) ?? 1)}" y="${area.y(objectives.p95) - 7}" text-anchor="end">objective for p95: ${objectives.p95} ms</text>`;
  return svg(
    'Latency against replicas',
    area.frame +
      bound +
      words +
      curve('p99') +
      curve('p95') +
      curve('med') +
      legend([
        ['series p99', 'p99'],
        ['series p95', 'p95'],
        ['series med', 'median'],
      ]),
  );
}

export interface TierCost {
  name: string;
  style: string;
  /** Microseconds of CPU a request. */
  cost: number;
}

/** Where the CPU of a request goes, tier by tier, for each number of replicas. */
export function costChart(rows: readonly { n: number; tiers: TierCost[] }[]): string {
  const most = Math.max(...rows.map(({ tiers }) => tiers.reduce((sum, { cost }) => sum + cost, 0)));
  const height = 44 + rows.length * 34;
  const scale = (WIDE - 150) / most;
  const bars = rows.map(({ n, tiers }, row) => {
    let left = 52;
    const parts = tiers.map(({ name, style, cost }) => {
      const width = cost * scale;
      const at = left;
      left += width;
      const words =
        width > 44 ? `<text class="inside" x="${at + width / 2}" y="${row * 34 + 18}" text-anchor="middle">${number(cost, 0)}</text>` : '';
      return `<rect class="tier ${style}" x="${at.toFixed(1)}" y="${row * 34 + 2}" width="${Math.max(0, width - 1).toFixed(1)}" height="24" rx="2"><title>${escape(name)}: ${number(cost, 0)} µs</title></rect>${words}`;
    });
    const total = tiers.reduce((sum, { cost }) => sum + cost, 0);
    return `<text class="tick" x="44" y="${row * 34 + 18}" text-anchor="end">${n}</text>${parts.join('')}<text class="tick" x="${left + 6}" y="${row * 34 + 18}">${number(total, 0)} µs</text>`;
  });
  const names = rows[0]?.tiers ?? [];
  const keys = names.map(({ name, style }, index) => {
    const x = 52 + index * 118;
    return `<rect class="tier ${style}" x="${x}" y="${height - 24}" width="11" height="11" rx="2"/><text class="tick" x="${x + 16}" y="${height - 14}">${escape(name)}</text>`;
  });
  return svg('CPU of a request, tier by tier', bars.join('') + keys.join(''), { width: WIDE, height });
}

/** How evenly requests were spread over the replicas: each one's distance from the mean. */
export function spreadChart(runs: readonly Run[], limit: number): string {
  const final = finalRuns(runs).filter(({ n }) => n > 1);
  const counts = [...new Set(final.map(({ n }) => n))].toSorted((one, other) => one - other);
  const parts = final.flatMap(({ n, saturation: { replicas } }) => {
    const mean = replicas.reduce((sum, { requests }) => sum + requests, 0) / replicas.length;
    return replicas.map(({ name, requests }) => ({ n, name, part: requests / mean - 1 }));
  });
  const bound = Math.max(limit * 1.3, ...parts.map(({ part }) => Math.abs(part) * 1.1));
  const ticks = [-limit, -limit / 2, 0, limit / 2, limit];
  const xAxis: Axis = { from: (counts[0] ?? 1) - 1, to: (counts.at(-1) ?? 1) + 1, ticks: counts, label: 'replicas', format: String };
  const area = plane(xAxis, {
    from: -bound,
    to: bound,
    ticks,
    label: 'requests, from the mean',
    format: (value) => `${value > 0 ? '+' : ''}${percent(value)}`,
  });
  const edges = [-limit, limit]
    .map((value) =>
      line(
        area,
        [
          [xAxis.from, value],
          [xAxis.to, value],
        ],
        'goal',
      ),
    )
    .join('');
  const dots = parts.map(
    ({ n, name, part }) =>
      `<circle class="dot p95" cx="${area.x(n)}" cy="${area.y(part)}" r="3.5"><title>${escape(name)} of ${n}: ${percent(part, 2)}</title></circle>`,
  );
  return svg('Spread of requests over replicas', area.frame + edges + dots.join(''));
}

function legend(entries: readonly (readonly [style: string, text: string])[], where: 'top' | 'bottom' = 'top'): string {
  const top = where === 'top' ? 28 : HEIGHT - 60 - entries.length * 22;
  return entries
    .map(([style, text], index) => {
      const y = top + index * 22;
      const mark = style === 'point' ? `<circle class="point" cx="106" cy="${y}" r="4.5"/>` : `<path class="${style}" d="M94 ${y}h24"/>`;
      return `${mark}<text class="tick" x="128" y="${y + 5}">${escape(text)}</text>`;
    })
    .join('');
}
