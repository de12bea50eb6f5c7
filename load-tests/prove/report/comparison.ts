import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Circumstances } from '../proof.ts';
import { barsFigure, type Bars } from './bars.ts';
import { type Axis, line, plane, svg, ticksTo } from './chart.ts';
import { origin } from './origin.ts';
import { PAGE_STYLE } from './style.ts';
import { head, row, table } from './tables.ts';
import { escape, number } from './text.ts';

/** What a page about ways of doing the same shows; proof.json holds it with what it was made of. */
export interface Comparison {
  title: string;
  verdict: string;
  charts: { title: string; caption: string; xAxis: string; yAxis: string; series: Series[] }[];
  /** For what has no order along an axis. */
  bars?: Bars[];
  tables: { title: string; columns: string[]; rows: string[][]; /** Sentences, where others have figures. */ isWords?: true }[];
  /** Paragraphs on how to read it. */
  notes: string[];
  circumstances: Circumstances;
}

interface Series {
  name: string;
  points: (readonly [x: number, y: number])[];
}

const STYLES = ['series p95', 'series p99', 'series med'];

/** Writes index.html and proof.json. @param evidence the measurements themselves. */
export async function writeComparison(folder: string, comparison: Comparison, evidence: unknown): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'index.html'), renderComparison(comparison)),
    writeFile(join(folder, 'proof.json'), `${JSON.stringify({ ...comparison, evidence }, null, 2)}\n`),
  ]);
}

function renderComparison({ title, verdict, charts, bars = [], tables, notes, circumstances }: Comparison): string {
  const { startedAt, on, mix, machine } = circumstances;
  const figures = charts.map(
    (chart) => `<figure><h3>${escape(chart.title)}</h3>${linesChart(chart)}<figcaption>${escape(chart.caption)}</figcaption></figure>`,
  );
  const listed = tables.map(
    ({ title: words, columns, rows, isWords }) =>
      `<h2>${escape(words)}</h2>${table(
        head(...columns.map(escape)),
        rows.map((cells) => row(cells.map(escape))),
        isWords ? 'findings' : undefined,
      )}`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tenfold, ${escape(title)}: ${escape(verdict)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>Tenfold · ${escape(title)}</h1>
<p class="verdict">${escape(verdict)}</p>
<p class="sub">${escape(`${on} cluster, ${mix} mix, ${machine.cores} cores (${machine.cpu}); ${startedAt.slice(0, 16).replace('T', ' ')} UTC`)}</p>
<div class="charts">${figures.join('')}${bars.map(barsFigure).join('')}</div>
${listed.join('\n')}
<h2>How to read this</h2>
${notes.map((note) => `<p>${escape(note)}</p>`).join('\n')}
<h2>How it was made</h2>
${origin(circumstances)}
</main>
</body>
</html>
`;
}

function linesChart({ title, xAxis, yAxis, series }: Comparison['charts'][number]): string {
  const points = series.flatMap((one) => one.points);
  const ticks = ticksTo(Math.max(...points.map(([, y]) => y)) * 1.25);
  const most = Math.max(...points.map(([x]) => x));
  const marks = [...new Set(points.map(([x]) => x))].toSorted((one, other) => one - other);
  const x: Axis = {
    from: 0,
    to: most * 1.05,
    ticks: marks.length > 12 ? ticksTo(most) : marks,
    label: xAxis,
    format: (value) => number(value, 0),
  };
  const y: Axis = {
    from: 0,
    to: ticks.at(-1) ?? 1,
    ticks,
    label: yAxis,
    format: (value) => number(value, Number.isInteger(value) ? 0 : 1),
  };
  const area = plane(x, y);
  const drawn = series.map(({ points: own }, index) => {
    const style = STYLES[index] ?? '';
    const dots = own.map(([px, py]) => `<circle class="${style.replace('series', 'dot')}" cx="${area.x(px)}" cy="${area.y(py)}" r="3.5"/>`);
    return line(area, own, style) + (own.length > 20 ? '' : dots.join(''));
  });
  const legend = series.map(
    ({ name }, index) =>
      `<path class="${STYLES[index] ?? ''}" d="M94 ${28 + index * 22}h24"/><text class="tick" x="128" y="${33 + index * 22}">${escape(name)}</text>`,
  );
  return svg(title, area.frame + drawn.join('') + legend.join(''));
}
