import type { ProcessUse } from '../collect/sampler.ts';
import type { Run } from '../run.ts';
import { confirmationGates, saturationGates, searchGate } from '../gates.ts';
import { objectivesFor } from '../plan.ts';
import { createRandom } from '../random.ts';
import type { Trial } from '../trial.ts';
import { throughput, type Usl } from '../usl/model.ts';

const SHARE = 0.05;

interface Bent {
  /** What is different from a flawless trial. */
  trial?: Partial<Trial>;
  use?: Partial<Trial['use']>;
  /** Changes one process. */
  process?: (process: ProcessUse) => ProcessUse;
}

const tier = (name: string, cores: number, share: number | null = null): ProcessUse => ({
  name,
  share,
  cores,
  throttled: share === null ? 0 : 0.9,
  residentBytes: 120e6,
});

/** A trial in which everything is as it should be, but for what is asked for. */
export function trialOf(n: number, rate: number, { trial, use, process = (one) => one }: Bent = {}): Trial {
  const replicas = Array.from({ length: n }, (_, index) => tier(`api-${index + 1}`, 0.0492, SHARE));
  const stores = [
    tier('postgres-primary', 0.004),
    tier('postgres-replica-1', 0.004),
    tier('redis-cache', 0.003),
    tier('redis-state', 0.003),
  ];
  return {
    rate,
    tier: 'api',
    goodput: rate,
    requests: rate * 12,
    failed: 0,
    dropped: 0,
    latency: { med: 18, p95: 140, p99: 320, max: 480 },
    use: {
      seconds: 12,
      processes: [tier('edge', rate * 150e-6), ...replicas, ...stores].map(process),
      generator: rate * 380e-6,
      observer: 0.02,
      foreign: 0.03,
      stolen: 0,
      idle: 0.5,
      ...use,
    },
    replicas: replicas.map(({ name }, index) => ({
      name,
      requests: Math.round(((rate * 14) / n) * (1 + 0.01 * ((index % 3) - 1))),
      shed: 0,
      poolWait: 0.01,
      localReads: (rate * 14) / n,
      remoteReads: 2,
      eventLoopP99: 0.04,
      lag: 0.01,
    })),
    generatorThrottled: 0,
    counted: 9,
    upstreams: 12 * n,
    ...trial,
  };
}

/** Three rounds that follow a law, with a per cent or two of noise. */
export function runsOf(
  law: Usl,
  { counts = [1, 2, 3, 4, 6, 8, 10], bent = {}, noise = 0.01 }: { counts?: number[]; bent?: Bent; noise?: number } = {},
): Run[] {
  const random = createRandom(7);
  return [1, 2, 3].flatMap((round) =>
    counts.map((n, turn): Run => {
      const capacity = throughput(law, n) * (1 + noise * (2 * random() - 1));
      const saturation = trialOf(n, capacity, bent);
      const confirmation = trialOf(n, capacity * 0.8, { trial: { latency: { med: 4, p95: 60 + n, p99: 160 + 3 * n, max: 300 } } });
      const search = [
        { rate: capacity, missed: null },
        { rate: capacity * 1.02, missed: 'p95 was 402 ms' },
      ];
      const gates = [
        searchGate({ rate: capacity, failed: capacity * 1.02 }, search, 0.05, []),
        ...saturationGates(saturation),
        ...confirmationGates(confirmation, objectivesFor({ share: SHARE, mix: 'browse', work: false })),
      ];
      return {
        n,
        round,
        turn,
        capacity,
        failedAt: capacity * 1.02,
        saturation,
        confirmation,
        gates,
        valid: gates.every(({ passed }) => passed),
        search,
      };
    }),
  );
}
