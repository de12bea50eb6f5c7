/** What every trial at an accepted rate has to meet. */
export interface Objectives {
  /** Milliseconds. */
  p95: number;
  p99: number;
  /** The part of the answers that may be wrong or refused. */
  failed: number;
}

/**
 * A fault on purpose, which the verdict has to find: `half-quota` gives one replica half of what the others have,
 * `small-edge` holds nginx to a fifth of that, `slow-generator` holds k6 to a tenth of a core; the others are made by
 * the replicas (plugins/experiments.ts of the API).
 */
export const CONTROLS = ['half-quota', 'small-edge', 'slow-generator', 'global-lock', 'shared-hop'] as const;
export type Control = (typeof CONTROLS)[number];

/** What is asked of the replicas with each request (X-Experiment): the work of a product's own, and what they are to do wrong. */
export function experimentsOf({ work, control }: Pick<Plan, 'work' | 'control'>): string {
  return [...(work ? ['work'] : []), ...(isShared(control) ? [control] : [])].join(', ');
}

/** A fault that makes all replicas wait for one thing. */
export function isShared(control: Control | undefined): control is 'global-lock' | 'shared-hop' {
  return control === 'global-lock' || control === 'shared-hop';
}

/** What is asked: k6/trial.ts has the shares. */
export const MIXES = ['browse', 'mixed', 'write', 'hot-sku', 'uncached'] as const;
export type Mix = (typeof MIXES)[number];

/** About what a replica with a whole core does, in requests a second, without the work of a product's own. */
export const BARE_GUESS: Readonly<Record<Mix, number>> = { browse: 3000, mixed: 1500, write: 110, 'hot-sku': 110, uncached: 2000 };
/** Seconds, about: plugins/experiments.ts of the API. */
const WORK = 0.002;
/**
 * Of what there is once, and each request takes for 5 ms: seconds that it costs a replica to ask for it, and requests a second that all
 * replicas together do at least.
 */
export const SHARED = { 'global-lock': { asking: 0.0007, limit: 180 }, 'shared-hop': { asking: 0.0004, limit: 160 } };

/** Requests a second of one replica that the first search begins with; afterwards the last result is the guess. */
export function firstGuess({ mix, share, work, control }: Pick<Plan, 'mix' | 'share' | 'work' | 'control'>): number {
  return share / (1 / BARE_GUESS[mix] + (work ? WORK : 0) + (isShared(control) ? SHARED[control].asking : 0));
}

/**
 * Settings of the replicas that are measured: a request always costs the same. Code is not optimised while
 * it runs; each request is one of a shopper whom the replica has not seen before, so that the signature of the token is checked;
 * and nothing becomes stale (decision 0066). Docker does not ask a container how it is: each time costs the replica 50 ms of CPU, for
 * which a small one stands still for most of a second, and with ten of them there is always one that does.
 */
export function settingsFor({ on, mix, work, control }: Pick<Plan, 'on' | 'mix' | 'work' | 'control'>): Record<string, string> {
  return {
    JWT_CACHE_SIZE: '0',
    V8_COMPILER: 'baseline',
    CACHE_FRESH: '3600',
    ...(on === 'compose' && { API_HEALTHCHECK_DISABLE: 'true' }),
    ...(mix !== 'browse' && { RATE_LIMIT_SCALE: '1000' }),
    ...(experimentsOf({ work, control }) !== '' && { EXPERIMENTS: 'true', ...(on === 'compose' && { API_NODE_ENV: 'development' }) }),
  };
}

/** What is scaled, and given quotas. */
export type ScaledTier = 'api' | 'postgres-replica';

export interface Plan {
  /** Which cluster. */
  on: 'local' | 'compose';
  /** Numbers of replicas. */
  counts: number[];
  rounds: number;
  /** The CPU of a replica, in cores. */
  share: number;
  objectives: Objectives;
  /** Requests to each replica before it gets its quota, so that its code is compiled. */
  warmRequests: number;
  /** Seconds of load near its limit once it has its quota. */
  settleSeconds: number;
  /** Seconds of a trial: unmeasured, measured. */
  warmup: number;
  measure: number;
  /** How far apart the accepted and the next failed rate may be. */
  precision: number;
  /** Seconds to wait before a trial for a moment in which nothing else runs. */
  patience: number;
  /** How often a trial is done again when something else took the machine meanwhile. */
  retries: number;
  /** No new rate is begun after this many trials of a search. */
  trials: number;
  /** How often one replica is measured in a round: its error is in every efficiency. */
  references: number;
  /** How often a run that broke a gate is done again. */
  repeats: number;
  seed: number;
  mix: Mix;
  /** Whether a request also costs what a product's own code would: decision 0095. */
  work: boolean;
  tier: ScaledTier;
  /** Undefined for a proof that is meant. */
  control: Control | undefined;
}

/** The numbers of replicas of one round: one replica is what all others are compared with, and is measured more than once. */
export function turnsOf({ counts, references }: Pick<Plan, 'counts' | 'references'>): number[] {
  return counts.flatMap((n) => Array.from({ length: n === 1 ? references : 1 }, () => n));
}

/** Milliseconds in which a whole core has to answer 95 and 99 in 100 requests: cheap ones, and those that cost it 2 ms or more. */
const CHEAP_LATENCY = { p95: 15, p99: 50 };
const LATENCY = { p95: 25, p99: 50 };

/** The latency of a whole core times the part of one that a replica has: at a twentieth of a core the same work takes twenty times as long. */
export function objectivesFor({ share, ...asked }: Pick<Plan, 'share' | 'mix' | 'work'>): Objectives {
  const { p95, p99 } = isCheap(asked) ? CHEAP_LATENCY : LATENCY;
  return { p95: Math.round(p95 / share), p99: Math.round(p99 / share), failed: 0.001 };
}

/**
 * The CPU of a replica, with which ten of them, and k6 and nginx for ten of them, leave a third of two cores idle. Of cheap requests
 * there are six times as many, and the packets of containers cost more, outside of the containers.
 */
const SHARE = 0.1;
const CHEAP_SHARE = { local: 0.07, compose: 0.05 };

export function quotaFor({ on, ...asked }: Pick<Plan, 'on' | 'mix' | 'work'>): Pick<Plan, 'share' | 'objectives'> {
  const share = isCheap(asked) ? CHEAP_SHARE[on] : SHARE;
  return { share, objectives: objectivesFor({ share, ...asked }) };
}

/** Reading is what such work is for: an order costs a replica 8 ms as it is, and database replicas don't do it. */
export function hasWork(mix: Mix): boolean {
  return mix === 'browse' || mix === 'mixed';
}

function isCheap({ mix, work }: Pick<Plan, 'mix' | 'work'>): boolean {
  return !work && mix !== 'write' && mix !== 'hot-sku';
}

/** What a proof of one length is, wherever and whatever is measured. */
type Length = Omit<Plan, 'on' | 'share' | 'objectives' | 'seed' | 'mix' | 'work' | 'tier' | 'control'>;

const COMMON = { warmup: 2, precision: 0.05 };

export const FULL: Length = {
  ...COMMON,
  counts: [1, 2, 3, 4, 6, 8, 10],
  rounds: 3,
  warmRequests: 4000,
  settleSeconds: 25,
  measure: 7,
  trials: 12,
  references: 2,
  patience: 30,
  retries: 2,
  repeats: 2,
};

/** Enough to see that the machinery works. */
export const QUICK: Length = {
  ...COMMON,
  counts: [1, 2, 4],
  rounds: 1,
  warmRequests: 2000,
  settleSeconds: 8,
  measure: 4,
  trials: 14,
  references: 1,
  patience: 0,
  retries: 0,
  repeats: 1,
};

/** Enough to see that all parts work together; nothing else is to be read from it. */
export const BRIEF: Length = {
  ...QUICK,
  warmRequests: 1000,
  settleSeconds: 1,
  warmup: 1,
  measure: 3,
  trials: 2,
  repeats: 0,
};
