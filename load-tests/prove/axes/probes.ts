import { RULE } from './rule.ts';

/** How many of the rule's own requests, one after the other, were refused or not answered in so many milliseconds. */
export async function countLate(target: string, soonEnough: number): Promise<number> {
  let late = 0;
  for (let probe = 0; probe < RULE.probes; probe += 1) {
    const isInTime = await fetch(`${target}/v1/products?limit=1`, { signal: AbortSignal.timeout(soonEnough) })
      .then(async (response) => (await response.arrayBuffer()) && response.ok)
      .catch(() => false);
    if (!isInTime) late += 1;
  }
  return late;
}
