import type { Progress } from '@tenfold/cluster';

/** Does a piece of work and says how long it took: `redis-cache is ready: 0.2 s`. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** After this many milliseconds a step says that it is under way. */
const LONG = 2000;

export function steps(say: Progress): Step {
  return async (what, work) => {
    const started = performance.now();
    const longer = setTimeout(() => say(`${what} …`), LONG);
    try {
      const result = await work();
      say(`${what}: ${seconds(performance.now() - started)}`);
      return result;
    } finally {
      clearTimeout(longer);
    }
  };
}

/** Milliseconds as `1.2 s`. */
function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
