import type { StopStep } from './process/end.ts';

/** Fast shutdown: sessions are ended, the log is flushed. Immediate when that hangs: the next start replays the log. */
export const STOP_POSTGRES: readonly [StopStep, ...StopStep[]] = [
  { signal: 'SIGINT', wait: 10_000 },
  { signal: 'SIGQUIT', wait: 3000 },
];

export const STOP_REDIS: readonly [StopStep, ...StopStep[]] = [{ signal: 'SIGTERM', wait: 5000 }];
