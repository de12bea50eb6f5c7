interface Arrivals {
  /** The function that each of them calls. */
  exec: string;
  /** Requests a second. */
  rate: number;
  /** How long, and from when on, in seconds. */
  seconds: number;
  from: number;
  /** Requests that may be under way at once: past it k6 drops iterations. */
  users: number;
}

/** Arrivals at a constant rate, which don't wait for answers (lib/options.ts says why). */
export function arrivals({ exec, rate, seconds, from, users }: Arrivals) {
  return {
    executor: 'constant-arrival-rate' as const,
    exec,
    // k6 takes whole numbers.
    rate: Math.max(1, Math.round(rate * 10)),
    timeUnit: '10s',
    duration: `${seconds}s`,
    startTime: `${from}s`,
    preAllocatedVUs: users,
    maxVUs: users,
    gracefulStop: '5s',
  };
}
