const FIRST = 500;
const LONGEST = 30_000;

/** A process that served this long has recovered: its next failure counts as the first. Milliseconds. */
export const RECOVERED = 10_000;

/**
 * Milliseconds to wait before the next start. The first failure is answered at once; from then on twice as long each
 * time, up to 30 s, spread by up to a half either way, so that replicas which fell together don't come back together.
 *
 * @param failures in a row, the last one included.
 */
export function backoff(failures: number, random: () => number = Math.random): number {
  if (failures <= 1) return 0;
  const delay = Math.min(LONGEST, FIRST * 2 ** (failures - 2));
  return Math.round(delay * (0.5 + random()));
}
