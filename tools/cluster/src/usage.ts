import { Type, type Static } from 'typebox';

/** What one process and its children have used until now; only differences between two looks mean something. */
export const ProcessUsage = Type.Object({
  name: Type.String(),
  pid: Type.Union([Type.Integer(), Type.Null()]),
  share: Type.Union([Type.Number(), Type.Null()], { description: 'Its CPU quota in cores; null without one' }),
  cpuSeconds: Type.Number(),
  residentBytes: Type.Number({ description: 'Memory of its own, shared pages left out' }),
  periods: Type.Number({ description: 'Periods of the quota in which it had something to do' }),
  throttledPeriods: Type.Number({ description: 'Periods of these in which it used its quota up' }),
  throttledSeconds: Type.Number({ description: 'Time that it stood still for it' }),
});
export type ProcessUsage = Static<typeof ProcessUsage>;
