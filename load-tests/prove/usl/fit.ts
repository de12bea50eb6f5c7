import { type Point, relativeCapacity, throughput, type Usl } from './model.ts';

/** Which of a and b are looked for; the others are 0, the edge of what they can be. */
type Free = readonly ('a' | 'b')[];

const AT_BOUNDS: readonly Free[] = [['a'], ['b'], []];
const START = { a: 0.01, b: 0.0001 };

/**
 * The law that comes nearest to the points by least squares of throughput, with 0 <= a, b <= 1: the same problem that
 * R's `usl` package solves, whose published coefficients the tests reproduce.
 *
 * At a bound the derivative of the squares need not vanish: when the solution with both coefficients free is not allowed,
 * the best of those with one or both of them at 0 is the answer.
 *
 * @param start where the descent begins, when something near the answer is known.
 * @throws RangeError for fewer points than coefficients.
 */
export function fitUsl(points: readonly Point[], start: Pick<Usl, 'a' | 'b'> = START): Usl {
  if (new Set(points.map(({ n }) => n)).size < 3) throw new RangeError('three coefficients need three different numbers of replicas');
  const inside = descend(points, ['a', 'b'], start);
  if (isAllowed(inside)) return inside;
  const allowed = AT_BOUNDS.map((free) => descend(points, free, start)).filter(isAllowed);
  const [best] = allowed.toSorted((one, other) => squares(points, one) - squares(points, other));
  if (!best) throw new RangeError('there is no such law for these points');
  return best;
}

/** The same law without coherency. */
export function fitContention(points: readonly Point[]): Usl {
  const fit = descend(points, ['a'], START);
  return isAllowed(fit) ? fit : descend(points, [], START);
}

function isAllowed({ a, b }: Usl): boolean {
  return a >= 0 && a <= 1 && b >= 0 && b <= 1;
}

/** How much of the points' variance the law explains: 1 is all. */
export function determination(points: readonly Point[], law: Usl): number {
  const mean = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  return 1 - squares(points, law) / points.reduce((sum, { x }) => sum + (x - mean) ** 2, 0);
}

function squares(points: readonly Point[], law: Usl): number {
  return points.reduce((sum, { n, x }) => sum + (x - throughput(law, n)) ** 2, 0);
}

/** For given a and b the best g is that of a straight line through the origin. */
function withBestG(points: readonly Point[], a: number, b: number): Usl {
  let product = 0;
  let square = 0;
  for (const { n, x } of points) {
    const c = relativeCapacity(n, a, b);
    product += x * c;
    square += c * c;
  }
  return { g: product / square, a, b };
}

/**
 * Levenberg and Marquardt's descent. g is searched along with the others, so that a step sees how they trade off.
 */
function descend(points: readonly Point[], free: Free, start: Pick<Usl, 'a' | 'b'>): Usl {
  let law = withBestG(points, free.includes('a') ? start.a : 0, free.includes('b') ? start.b : 0);
  // Points that lie on a law leave nothing but rounding.
  const tiny = 1e-20 * points.reduce((sum, { x }) => sum + x * x, 0);
  let damping = 1e-3;
  for (let step = 0; step < 500 && damping < 1e8; step += 1) {
    const next = stepFrom(points, law, free, damping);
    if (next === undefined || !(squares(points, next) < squares(points, law))) {
      damping *= 4;
      continue;
    }
    const gain = squares(points, law) - squares(points, next);
    const isDone = gain <= 1e-10 * squares(points, law) || squares(points, next) <= tiny;
    law = next;
    damping /= 4;
    if (isDone) break;
  }
  return law;
}

function stepFrom(points: readonly Point[], law: Usl, free: Free, damping: number): Usl | undefined {
  const { g, a, b } = law;
  const gradients = points.map(({ n }) => {
    const d = 1 + a * (n - 1) + b * n * (n - 1);
    const byName = { a: (-g * n * (n - 1)) / d ** 2, b: (-g * n * n * (n - 1)) / d ** 2 };
    return [n / d, ...free.map((name) => byName[name])];
  });
  const residuals = points.map(({ n, x }) => x - throughput(law, n));
  const size = free.length + 1;
  const normal = Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (__, column) => {
      const sum = gradients.reduce((total, gradient) => total + (gradient[row] ?? 0) * (gradient[column] ?? 0), 0);
      return row === column ? sum * (1 + damping) : sum;
    }),
  );
  const right = Array.from({ length: size }, (_, row) =>
    gradients.reduce((sum, gradient, index) => sum + (gradient[row] ?? 0) * (residuals[index] ?? 0), 0),
  );
  const change = solve(normal, right);
  if (change === undefined) return undefined;
  const of = (name: 'a' | 'b') => (free.includes(name) ? (change[free.indexOf(name) + 1] ?? 0) : 0);
  return { g: g + (change[0] ?? 0), a: a + of('a'), b: b + of('b') };
}

/** Gauss's elimination with the largest pivot; undefined when the matrix is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | undefined {
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0]);
  for (let column = 0; column < rows.length; column += 1) {
    const pivot = rows.slice(column).toSorted((one, other) => Math.abs(other[column] ?? 0) - Math.abs(one[column] ?? 0))[0];
    if (!pivot || !Number.isFinite(pivot[column]) || pivot[column] === 0) return undefined;
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(column, 0, pivot);
    for (const row of rows.slice(column + 1)) {
      const factor = (row[column] ?? 0) / (pivot[column] ?? 1);
      for (let index = column; index < row.length; index += 1) row[index] = (row[index] ?? 0) - factor * (pivot[index] ?? 0);
    }
  }
  const solution: number[] = Array.from({ length: rows.length }, () => 0);
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const row = rows[index] ?? [];
    const known = solution.reduce((sum, value, column) => (column > index ? sum + value * (row[column] ?? 0) : sum), 0);
    solution[index] = ((row.at(-1) ?? 0) - known) / (row[index] ?? 1);
  }
  return solution;
}
