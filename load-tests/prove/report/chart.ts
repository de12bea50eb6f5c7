import { escape } from './text.ts';

/** The space of a chart, in the units of its viewBox; it is as wide as its column in any case. */
const WIDTH = 640;
export const HEIGHT = 360;
const LEFT = 84;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 54;

export interface Axis {
  from: number;
  to: number;
  ticks: number[];
  label: string;
  format: (value: number) => string;
}

export interface Plane {
  x: (value: number) => number;
  y: (value: number) => number;
  /** Axes, ticks and grid. */
  frame: string;
}

/** A plane with both axes, to draw into. */
export function plane(xAxis: Axis, yAxis: Axis): Plane {
  const x = (value: number) => round(LEFT + ((value - xAxis.from) / (xAxis.to - xAxis.from)) * (WIDTH - LEFT - RIGHT));
  const y = (value: number) => round(HEIGHT - BOTTOM - ((value - yAxis.from) / (yAxis.to - yAxis.from)) * (HEIGHT - TOP - BOTTOM));
  const frame = [
    ...yAxis.ticks.map((tick) => `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/>`),
    ...yAxis.ticks.map(
      (tick) => `<text class="tick" x="${LEFT - 8}" y="${y(tick) + 5}" text-anchor="end">${escape(yAxis.format(tick))}</text>`,
    ),
    ...xAxis.ticks.map(
      (tick) => `<text class="tick" x="${x(tick)}" y="${HEIGHT - BOTTOM + 21}" text-anchor="middle">${escape(xAxis.format(tick))}</text>`,
    ),
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>`,
    `<text class="label" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escape(xAxis.label)}</text>`,
    `<text class="label" transform="translate(15 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escape(yAxis.label)}</text>`,
  ].join('');
  return { x, y, frame };
}

/** @param title what a screen reader says in place of the picture. */
export function svg(title: string, content: string, { width, height } = { width: WIDTH, height: HEIGHT }): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}" xmlns="http://www.w3.org/2000/svg">${content}</svg>`;
}

/** A line through points; `class` says how it looks. */
export function line({ x, y }: Plane, points: readonly (readonly [number, number])[], style: string): string {
  const path = points.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${x(px)} ${y(py)}`).join('');
  return `<path class="${style}" d="${path}"/>`;
}

/** About `count` round numbers from 0 to at least `most`. */
export function ticksTo(most: number, count = 5): number[] {
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
