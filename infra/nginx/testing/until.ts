import { setTimeout as wait } from 'node:timers/promises';

/** Looks every 10 ms until `check` gives something other than undefined or false, and returns it; fails after `within` ms. */
export async function until<T>(what: string, check: () => T | Promise<T>, within = 10_000): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + within;
  for (;;) {
    const found = await Promise.resolve(check()).catch(() => undefined);
    if (isFound(found)) return found;
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await wait(10);
  }
}

function isFound<T>(value: T | undefined): value is Exclude<T, undefined | false> {
  return value !== undefined && value !== false;
}
