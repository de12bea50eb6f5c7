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
  /** No new rate is begun after this many attempts. */
  most: number;
}

/** The first rate, as a part of the guess, and the first step up from there: with no need to halve it, at a precision of 5%. */
const START = 0.95;
const FIRST_STEP = 0.045;
/** In longer steps only when the guess was far off: what is far too much is paid for by the rates after it. */
const SHORT_STEPS = 2;
const LONGER = 1.5;

/**
 * Looks for the highest rate that passes, from below: a rate that is far too high leaves replicas with work for many
 * seconds, and the rates after it would be blamed for that. Up until one fails (or down until one passes, if the first one
 * fails), then halving between them. A rate fails when it does so twice. What failed before the best one passed is tried again: what
 * failed then may have been chance, and is the limit only if it fails still.
 *
 * @returns undefined when nothing passed.
 */
export async function searchCapacity<Evidence>(
  attempt: (rate: number) => Promise<Attempt<Evidence>>,
  { guess, precision, most }: SearchOptions,
): Promise<Capacity<Evidence> | undefined> {
  let best: { rate: number; evidence: Evidence } | undefined;
  let failed: number | undefined;
  /** It failed before the best one passed. */
  let isOld = false;
  let rate = round(guess * START);
  let attempts = 0;
  /** Steps up or down without anything that speaks against it. */
  let steps = 0;
  // What failed before the best one passed is tried again even if there have been enough: it is what the result rests on.
  while (attempts < most || rate === failed) {
    const { passed, evidence, tries } = await twice(attempt, rate);
    attempts += tries;
    if (!passed) failed = rate;
    else {
      if (best === undefined && failed !== undefined) steps = 0;
      // It was tried again.
      if (rate === failed) failed = undefined;
      best = { rate, evidence };
    }
    isOld = passed;
    const step = FIRST_STEP * LONGER ** Math.max(0, steps - SHORT_STEPS);
    if (best === undefined) rate = round(rate / (1 + 2 * step));
    else if (failed === undefined) rate = round(rate * (1 + step));
    else if (failed / best.rate > 1 + precision) rate = round((best.rate + failed) / 2);
    else if (isOld) rate = failed;
    else break;
    steps = best === undefined || failed === undefined ? steps + 1 : 0;
  }
  return best && { ...best, failed, attempts };
}

/** A replica that collects its memory stands still for a second, at a small quota: one attempt that failed may be chance. */
export async function twice<Evidence>(attempt: (rate: number) => Promise<Attempt<Evidence>>, rate: number) {
  const first = await attempt(rate);
  return first.passed ? { ...first, tries: 1 } : { ...(await attempt(rate)), tries: 2 };
}

/** k6 takes tenths of a request a second here. */
function round(rate: number): number {
  return Math.round(rate * 10) / 10;
}
