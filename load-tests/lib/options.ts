import type { Options, Scenario } from 'k6/options';
import { DURATION, JOURNEYS, RATE, REPLICAS } from './config.ts';

/**
 * Every profile is an open model: k6 starts journeys at a given rate, whether or not the ones before have come back. A
 * closed model (a number of virtual users, each waiting for its answer) asks less of a system that becomes slow, and so
 * leaves out just the requests that would have waited longest: "coordinated omission" (Gil Tene). Its percentiles are then
 * those of the requests that did well. Here such requests are sent, and where k6 can't send them it counts
 * `dropped_iterations`, which fails the run.
 */
type Profile = 'smoke' | 'average' | 'stress' | 'spike' | 'soak' | 'breakpoint';

interface Shape {
  /** Journeys a second, unless the command line says otherwise. */
  rate: number;
  /** Seconds at that rate, unless the command line says otherwise. */
  duration: number;
  /** From rate and duration to the steps: seconds, and the rate reached at their end. */
  steps: (rate: number, duration: number) => readonly (readonly [seconds: number, rate: number])[];
}

const SHAPES: Readonly<Record<Profile, Shape>> = {
  smoke: {
    rate: 2,
    duration: 10,
    steps: (rate, duration) => [
      [0, rate],
      [duration, rate],
    ],
  },
  average: {
    rate: 20,
    duration: 60,
    steps: (rate, duration) => [
      [10, rate],
      [duration, rate],
      [5, 0],
    ],
  },
  stress: {
    rate: 60,
    duration: 60,
    steps: (rate, duration) => [
      [10, rate / 2],
      [duration / 2, rate / 2],
      [10, rate],
      [duration / 2, rate],
      [5, 0],
    ],
  },
  spike: {
    rate: 100,
    duration: 20,
    steps: (rate, duration) => [
      [5, rate / 10],
      [10, rate / 10],
      [2, rate],
      [duration, rate],
      [2, rate / 10],
      [20, rate / 10],
    ],
  },
  soak: {
    rate: 15,
    duration: 1800,
    steps: (rate, duration) => [
      [30, rate],
      [duration, rate],
      [10, 0],
    ],
  },
  breakpoint: { rate: 1000, duration: 120, steps: (rate, duration) => [[duration, rate]] },
};

/** What one kind of journey promises, and its share of the journeys. Milliseconds for one request of it. */
interface Promises {
  share: number;
  p95: number;
  p99: number;
}

/** The objectives of the API: 50 ms for a cached read, 250 ms for the rest; sign-in hashes a password on purpose. */
const PROMISES = {
  browse: { share: 7, p95: 50, p99: 150 },
  search: { share: 2, p95: 150, p99: 250 },
  cart: { share: 2, p95: 100, p99: 250 },
  checkout: { share: 1, p95: 250, p99: 500 },
  signIn: { share: 1, p95: 250, p99: 500 },
  live: { share: 1, p95: 250, p99: 500 },
} as const satisfies Record<string, Promises>;
type Journey = keyof typeof PROMISES;

/**
 * Virtual users: for journeys that take so many seconds, within what k6 may have of memory. All from the beginning: k6 counts an
 * arrival as dropped before it makes a user for the next one.
 */
const VUS = { seconds: 3, least: 10, most: 300 };

/** k6's options of a profile: one scenario a journey, thresholds for each. */
export function optionsFor(profile: Profile): Options {
  const shape = SHAPES[profile];
  const journeys = chosenJourneys();
  const shares = journeys.reduce((sum, journey) => sum + PROMISES[journey].share, 0);
  const steps = shape.steps(RATE ?? shape.rate, DURATION ?? shape.duration);
  const scenarios = journeys.map((journey) => [journey, scenarioOf(journey, steps, PROMISES[journey].share / shares)] as const);
  return {
    scenarios: Object.fromEntries(scenarios),
    thresholds: thresholdsOf(journeys, profile),
    summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'p(99)', 'max', 'count'],
    setupTimeout: '60s',
    userAgent: `tenfold-load/${profile}`,
    // One connection a virtual user, as one browser has; without this each would open one for every request.
    noConnectionReuse: false,
  };
}

function scenarioOf(journey: Journey, steps: ReturnType<Shape['steps']>, share: number): Scenario {
  // Arrivals a minute: k6 takes whole numbers only, and a share of a small rate is less than one a second.
  const perMinute = (rate: number) => Math.max(1, Math.round(rate * share * 60));
  const peak = Math.max(...steps.map(([, rate]) => rate)) * share;
  const users = Math.ceil(Math.min(Math.max(peak * VUS.seconds, VUS.least), VUS.most));
  return {
    executor: 'ramping-arrival-rate',
    exec: journey,
    timeUnit: '1m',
    startRate: perMinute(steps[0]?.[0] === 0 ? steps[0][1] : 0),
    stages: steps
      .filter(([seconds]) => seconds > 0)
      .map(([seconds, rate]) => ({ duration: `${Math.round(seconds * 1000)}ms`, target: perMinute(rate) })),
    preAllocatedVUs: users,
    maxVUs: users,
    gracefulStop: '10s',
  };
}

function thresholdsOf(journeys: readonly Journey[], profile: Profile): NonNullable<Options['thresholds']> {
  const must = (threshold: string) => (profile === 'breakpoint' ? { threshold, abortOnFail: true, delayAbortEval: '5s' } : threshold);
  // Twenty requests have no percentiles, and the first ones of a fresh replica are its slowest.
  const isSmoke = profile === 'smoke';
  const perJourney = journeys.flatMap((journey) => {
    const { p95, p99 } = PROMISES[journey];
    return [
      [`http_req_failed{scenario:${journey}}`, [must('rate<0.001')]],
      [`http_req_duration{scenario:${journey}}`, isSmoke ? ['p(95)<2000'] : [must(`p(95)<${p95}`), must(`p(99)<${p99}`)]],
      [`dropped_iterations{scenario:${journey}}`, [must('count==0')]],
      [`checks{scenario:${journey}}`, [must('rate>0.999')]],
    ] as const;
  });
  // Always true: k6 shows a metric by tag only where a threshold asks for it.
  const perReplica = [...REPLICAS, 'edge', 'none'].map((name) => [`requests_by_replica{replica:${name}}`, ['count>=0']] as const);
  return Object.fromEntries([...perJourney, ...perReplica, ['stale_reads', ['count==0']]]);
}

function chosenJourneys(): Journey[] {
  const unknown = JOURNEYS.find((name) => !isJourney(name));
  if (unknown !== undefined) throw new Error(`There is no journey ${unknown}; there are ${Object.keys(PROMISES).join(', ')}.`);
  return (JOURNEYS.length > 0 ? JOURNEYS : Object.keys(PROMISES)).filter(isJourney);
}

function isJourney(name: string): name is Journey {
  return name in PROMISES;
}
