import type { Use } from './collect/sampler.ts';
import type { Objectives, ScaledTier } from './plan.ts';
import type { Trial } from './trial.ts';

/** A condition without which a measurement says nothing about scaling, whatever its figures. */
export interface Gate {
  name: string;
  passed: boolean;
  /** What was found, and what was wanted. */
  detail: string;
}

const LIMITS = {
  /** A replica that had CPU left was not what bounded the throughput. */
  quotaUsed: 0.95,
  /** More than that and the quota does not hold. */
  quotaExceeded: 1.06,
  hostIdle: 0.2,
  /** Cores that other programs of this machine may take. */
  foreign: 0.3,
  stolen: 0.02,
  /** k6 runs its code on one core; near all of it, its own queue would be measured. */
  generator: 0.85,
  spread: 0.05,
};

/** Requests a second: rates are tenths. */
const ROUNDING = 0.1;

/** The gate that tells a system that doesn't scale from a measurement that says nothing: see {@link isSound}. */
const BOUND = 'bound';

const percent = (part: number) => `${(100 * part).toFixed(1)}%`;

export function brokenOf<G extends Gate>(gates: readonly G[]): G[] {
  return gates.filter(({ passed }) => !passed);
}

/** Whether the objectives are met, and why not. */
export function missedObjective({ latency, failed, dropped }: Trial, objectives: Objectives): string | undefined {
  if (dropped > 0) return `${dropped} requests could not be sent in time`;
  if (failed > objectives.failed) return `${percent(failed)} of the answers were refusals or wrong`;
  if (latency.p95 > objectives.p95) return `p95 was ${latency.p95.toFixed(0)} ms`;
  if (latency.p99 > objectives.p99) return `p99 was ${latency.p99.toFixed(0)} ms`;
  return undefined;
}

/** Whether all is in order but that replicas had CPU left: then something that they share was the limit, and the run shows it. */
export function isSound(gates: readonly Gate[]): boolean {
  return gates.every(({ name, passed }) => passed || name === BOUND);
}

/** What would make any trial worthless: the machine, not the cluster, was measured. */
export function machineGates({ use, tier, generatorThrottled }: Pick<Trial, 'use' | 'tier' | 'generatorThrottled'>): Gate[] {
  return [
    gate('host', use.idle >= LIMITS.hostIdle, `${percent(use.idle)} of the machine was idle (at least ${percent(LIMITS.hostIdle)})`),
    gate(
      'alone',
      use.foreign <= LIMITS.foreign && use.stolen <= LIMITS.stolen,
      `other programs took ${percent(use.foreign)} of a core, other guests of the host ${percent(use.stolen)} (at most ${percent(LIMITS.foreign)} and ${percent(LIMITS.stolen)})`,
    ),
    generatorGate(use, generatorThrottled),
    ...unthrottledGates(use, tier),
  ];
}

/**
 * Whether the search came to an end: a rate that passed, and one just above it that did not, through no fault of the machine.
 *
 * @param precision how far above, as a part of the rate that passed.
 * @param above the trials that failed at that rate.
 */
export function searchGate(
  found: { rate: number; failed: number | undefined } | undefined,
  tried: readonly { rate: number }[],
  precision: number,
  above: readonly Pick<Trial, 'use' | 'tier' | 'generatorThrottled'>[],
): Gate {
  const rates = tried.map(({ rate }) => rate);
  const words = `${rates.length} trials from ${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)} a second`;
  if (found === undefined) return gate('search', false, `none of ${words} met the objectives`);
  if (found.failed === undefined) return gate('search', false, `all of ${words} met the objectives`);
  const [disturbed] = brokenOf(above.flatMap(machineGates));
  if (disturbed) return gate('search', false, `the limit may not be theirs: in a trial that failed, ${disturbed.detail}`);
  const farther = found.failed / found.rate - 1;
  return gate(
    'search',
    found.failed - found.rate <= precision * found.rate + ROUNDING,
    `in ${words} the lowest rate that failed is ${percent(farther)} above the highest that held (at most ${percent(precision)})`,
  );
}

/** The gates of the run at the highest accepted rate. */
export function saturationGates(trial: Trial): Gate[] {
  const replicas = scaledOf(trial).filter(({ share }) => share !== null);
  const used = replicas.map(({ cores, share }) => cores / (share ?? 1));
  const [least, most] = [Math.min(...used), Math.max(...used)];
  const shares = replicas.map(({ share }) => share ?? 0);
  const isEqual = Math.max(...shares) - Math.min(...shares) < 1e-9;
  return [
    gate(
      'quota',
      used.length > 0 && most <= LIMITS.quotaExceeded && isEqual,
      `replicas used up to ${percent(most)} of ${isEqual ? 'equal quotas' : 'quotas that differ'} (at most ${percent(LIMITS.quotaExceeded)})`,
    ),
    gate(
      BOUND,
      least >= LIMITS.quotaUsed,
      `replicas used ${percent(least)} of their quotas or more (at least ${percent(LIMITS.quotaUsed)})`,
    ),
    spreadGate(trial),
    gate('drops', trial.dropped === 0, `${trial.dropped} requests could not be sent in time (none)`),
    ...machineGates(trial),
  ];
}

/**
 * The gates of the run at 80% of the accepted rate: there the objectives have to be met with room to spare.
 *
 * @param before why a first try missed them, when this is the second.
 */
export function confirmationGates(trial: Trial, objectives: Objectives, before?: string | null): Gate[] {
  const missed = missedObjective(trial, objectives);
  const found = `p95 ${trial.latency.p95.toFixed(0)} ms, p99 ${trial.latency.p99.toFixed(0)} ms, ${percent(trial.failed)} failed, ${trial.dropped} dropped`;
  const tries = before ? `, at the second try: at the first ${before}` : '';
  return [gate('confirmed', missed === undefined, `at 80%: ${found} (at most ${objectives.p95} ms and ${objectives.p99} ms)${tries}`)];
}

/** How far the replica with the most or the fewest requests is from the mean. */
export function spreadOf(requests: readonly number[]): number {
  const mean = requests.reduce((sum, count) => sum + count, 0) / requests.length;
  return Math.max(...requests.map((count) => Math.abs(count - mean) / mean));
}

/** The processes of the tier that is scaled. */
export function scaledOf({ use: { processes }, tier }: Pick<Trial, 'use' | 'tier'>) {
  return processes.filter(({ name }) => isOf(tier, name));
}

const isOf = (tier: ScaledTier, name: string) => name.startsWith(`${tier}-`) && /-\d+$/.test(name);

function spreadGate({ replicas }: Trial): Gate {
  const spread = spreadOf(replicas.map(({ requests }) => requests));
  return gate('spread', spread <= LIMITS.spread, `requests were at most ${percent(spread)} from the mean (${percent(LIMITS.spread)})`);
}

function generatorGate({ generator }: Use, throttled: number): Gate {
  if (throttled > 0) return gate('generator', false, `k6 was held back by a quota ${throttled} times`);
  return gate(
    'generator',
    generator <= LIMITS.generator,
    `k6 used ${percent(generator)} of the one core that it may use (at most ${percent(LIMITS.generator)})`,
  );
}

function unthrottledGates({ processes }: Use, tier: ScaledTier): Gate[] {
  const others = processes.filter(({ name }) => !isOf(tier, name));
  const throttled = others.filter(({ throttled: part }) => part > 0);
  return [
    gate(
      'tiers',
      throttled.length === 0,
      throttled.length === 0
        ? 'edge and stores were not held back'
        : `${throttled.map(({ name }) => name).join(', ')} held back by a quota`,
    ),
  ];
}

function gate(name: string, passed: boolean, detail: string): Gate {
  return { name, passed, detail };
}
