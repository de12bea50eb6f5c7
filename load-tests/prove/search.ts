/** What came of one rate. */
export interface Attempt<Evidence> {
  passed: boolean;
  evidence: Evidence;
}

export interface Capacity<Evidence> {
  /** The highest rate that passed. */
  rate: number;
  evidence: Evidence;
  /** The lowest rate that failed; undefined when none did. */
  failed: number | undefined;
  attempts: number;
}

interface SearchOptions {
  /** Where to begin. */
  guess: number;
  /** How far above the rate that passed the one that failed may be, as a part of it. */
  precision: number;
  /** No more attempts than this. */
  most: number;
}

/** The first step away from the guess; each one after it, until there is a rate on the other side, is twice as long. */
const FIRST_STEP = 0.04;

/**
 * Looks for the highest rate that passes: away from the guess until one passes and one fails, then halving between them.
 *
 * @returns undefined when nothing passed.
 */
export async function searchCapacity<Evidence>(
  attempt: (rate: number) => Promise<Attempt<Evidence>>,
  { guess, precision, most }: SearchOptions,
): Promise<Capacity<Evidence> | undefined> {
  let best: { rate: number; evidence: Evidence } | undefined;
  let failed: number | undefined;
  let rate = guess;
  let step = FIRST_STEP;
  let attempts = 0;
  while (attempts < most) {
    const { passed, evidence } = await attempt(rate);
    attempts += 1;
    if (passed) best = { rate, evidence };
    else failed = rate;
    if (best === undefined) rate = round(rate / (1 + step));
    else if (failed === undefined) rate = round(rate * (1 + step));
    else if (failed / best.rate <= 1 + precision) break;
    else rate = round((best.rate + failed) / 2);
    if (best === undefined || failed === undefined) step *= 2;
  }
  return best && { ...best, failed, attempts };
}

/** k6 takes tenths of a request a second here. */
function round(rate: number): number {
  return Math.round(rate * 10) / 10;
}
