/** One measurement: `n` replicas did `x` requests a second. */
export interface Point {
  n: number;
  x: number;
}

/**
 * The Universal Scalability Law of Neil Gunther (Guerrilla Capacity Planning, Springer 2007):
 *
 *     X(N) = g N / (1 + a (N - 1) + b N (N - 1))
 */
export interface Usl {
  /** Requests a second of one replica. */
  g: number;
  /** Contention: the part of the work that waits for something that there is once. */
  a: number;
  /** Coherency: what each pair of replicas costs by agreeing with one another. With it, more replicas can do less. */
  b: number;
}

/** What one replica's share of the law's throughput is: X(N) for g = 1. */
export function relativeCapacity(n: number, a: number, b: number): number {
  return n / (1 + a * (n - 1) + b * n * (n - 1));
}

export function throughput({ g, a, b }: Usl, n: number): number {
  return g * relativeCapacity(n, a, b);
}

/** The number of replicas past which more do less: the square root of (1 - a) / b; infinite without coherency cost. */
export function peak({ a, b }: Usl): number {
  return b > 0 ? Math.sqrt((1 - a) / b) : Infinity;
}
