import { svg } from './chart.ts';
import { escape, milliseconds } from './text.ts';

/** Latencies of several things under several conditions. */
export interface Bars {
  title: string;
  caption: string;
  series: string[];
  /** A group of bars each: milliseconds in the order of the series; null where nothing was measured. */
  rows: { name: string; values: (number | null)[] }[];
}

const WIDTH = 1072;
const LEFT = 190;
/** For the figure beside the longest bar. */
const RIGHT = 90;
const BAR = 20;
const GAP = 16;
const STYLES = ['edge', 'api', 'postgres'];

export function barsFigure({ title, caption, series, rows }: Bars): string {
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(...rows.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const step = series.length * BAR + GAP;
  const bars = rows.map(({ name, values }, row) => {
    const top = row * step;
    const each = values.map((value, index) =>
      bar(value, { y: top + index * BAR, scale, style: STYLES[index] ?? '', name: series[index] ?? '' }),
    );
    return `<text class="value" x="${LEFT - 12}" y="${top + (series.length * BAR) / 2 + 5}" text-anchor="end">${escape(name)}</text>${each.join('')}`;
  });
  const height = rows.length * step + 28;
  const keys = series.map((name, index) => {
    const x = LEFT + index * 270;
    return `<rect class="tier ${STYLES[index] ?? ''}" x="${x}" y="${height - 22}" width="11" height="11" rx="2"/><text class="tick" x="${x + 17}" y="${height - 12}">${escape(name)}</text>`;
  });
  const picture = svg(title, bars.join('') + keys.join(''), { width: WIDTH, height });
  return `<figure class="wide"><h3>${escape(title)}</h3>${picture}<figcaption>${escape(caption)}</figcaption></figure>`;
}

function bar(value: number | null, { y, scale, style, name }: { y: number; scale: number; style: string; name: string }): string {
  if (value === null) return '';
  const width = Math.max(1, value * scale);
  const words = milliseconds(value);
  return `<rect class="tier ${style}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 3}" rx="2"><title>${escape(name)}: ${words}</title></rect><text class="tick" x="${(LEFT + width + 8).toFixed(1)}" y="${y + 14}">${words}</text>`;
}
