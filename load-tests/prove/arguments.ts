import { parseArgs } from 'node:util';
import { UsageError } from '../run/errors.ts';
import { type Control, CONTROLS, type Mix, MIXES, type ScaledTier } from './plan.ts';

export interface Invocation {
  on: 'local' | 'compose';
  quick: boolean;
  brief: boolean;
  counts: number[] | undefined;
  rounds: number | undefined;
  seed: number;
  mix: Mix;
  /** Without the work of a product's own. */
  bare: boolean;
  tier: ScaledTier;
  control: Control | undefined;
  /** Out or up: one replica of k quotas against k replicas. */
  vertical: boolean;
  /** A day's load, with replicas by a rule. */
  autoscale: boolean;
  /** Not whether it scales, but what it does with ten times too much. */
  overload: boolean;
  /** Which way of choosing replicas. */
  algorithms: boolean;
  out: string | undefined;
  /** Makes the report again from this proof.json. */
  from: string | undefined;
}

export const HELP = `Measures whether N replicas do N times the work of one, and writes a report.

  npm run prove -- [OPTION …]

  --quick               1, 2 and 4 replicas, once, short
  --brief               the same in a minute and a half, which is void as a rule: does the machinery work?
  --on local|compose    which cluster (it has to run, and this has to be root: quotas)
  --replicas 1,2,4      instead of 1,2,3,4,6,8,10
  --rounds N            runs of each (default 3, with --quick 1)
  --seed N              of the random order (default: another each time, which the report names)
  --mix browse          what is asked: browse, mixed (a twentieth of it writes), write (orders), hot-sku (orders of one thing),
                        uncached (reads that no cache has). All but browse and uncached place orders, and fill up the stock for them
  --bare                requests cost what the API costs, without 2 ms of work that stand for a product's own code
  --control FAULT       a fault on purpose that has to turn the verdict: half-quota (of one replica), small-edge,
                        slow-generator, global-lock, shared-hop
  --tier postgres-replica=1,2,3
                        scales database replicas under reads that no cache has, behind three API replicas without quotas
  --vertical            instead: k replicas of one quota against one replica of k quotas, and what a crash costs each
  --autoscale           instead: a day's load in five minutes, replicas by a rule against ten all day
  --overload            instead: a replica gets ten times what it can answer, for a minute
  --algorithms          instead: the edge's ways of choosing a replica (EDGE_BALANCE), with even and uneven replicas and long requests
  --out DIR             for index.html and proof.json; of a proof runs.csv and throughput.svg too
                        (default: .tenfold/proof, with what kind of proof it is, or the experiment's name)
  --from proof.json     measures nothing, and makes the report from an earlier proof

  A full proof takes three quarters of an hour, a quick one four minutes. Nothing else should run meanwhile.

  exit codes: 0 valid and no goal missed, 1 failed, 2 wrong usage, 3 valid and a goal missed, 4 void;
  with a fault on purpose 0 it was found, 1 it was not`;

/** What is measured instead of how it scales. */
const INSTEAD = ['vertical', 'autoscale', 'overload', 'algorithms'] as const;
/** What else goes with each of them, with other tiers and with a proof that has been. */
const FITTING: Readonly<Record<(typeof INSTEAD)[number] | 'tier' | 'from', readonly string[]>> = {
  vertical: ['on', 'quick', 'brief', 'replicas', 'mix', 'bare', 'out'],
  autoscale: ['on', 'quick', 'brief', 'mix', 'bare', 'out'],
  overload: ['on', 'brief', 'out'],
  algorithms: ['on', 'quick', 'seed', 'out'],
  tier: ['on', 'quick', 'brief', 'rounds', 'seed', 'out'],
  from: ['out'],
};
const KINDS = [...INSTEAD, 'tier', 'from'] as const;

/** @throws UsageError; undefined when help is wanted. */
export function parseInvocation(argv: readonly string[]): Invocation | undefined {
  const values = parse(argv);
  if (values.help) return undefined;
  const given = Object.keys(values);
  const kind = KINDS.find((name) => given.includes(name));
  const stray = kind && given.find((name) => name !== kind && !FITTING[kind].includes(name));
  if (stray !== undefined) throw new UsageError(`--${stray} does not go with --${kind}: leave one of them out.`);
  if (values.quick && values.brief) throw new UsageError('--quick and --brief are different lengths: leave one of them out.');
  const databases = values.tier === undefined ? undefined : parseTier(values.tier);
  return {
    on: values.on === undefined ? 'local' : oneOf('--on', values.on, ['local', 'compose']),
    quick: values.quick ?? false,
    brief: values.brief ?? false,
    counts: databases ?? (values.replicas === undefined ? undefined : parseCounts('--replicas', values.replicas)),
    rounds: values.rounds === undefined ? undefined : wholeNumber('--rounds', values.rounds, 1, 20),
    seed: values.seed === undefined ? Date.now() % 2 ** 31 : wholeNumber('--seed', values.seed, 0, 2 ** 31),
    tier: databases === undefined ? 'api' : 'postgres-replica',
    mix: values.mix === undefined ? (databases === undefined ? 'browse' : 'uncached') : oneOf('--mix', values.mix, MIXES),
    bare: values.bare ?? false,
    control: values.control === undefined ? undefined : oneOf('--control', values.control, CONTROLS),
    vertical: values.vertical ?? false,
    autoscale: values.autoscale ?? false,
    overload: values.overload ?? false,
    algorithms: values.algorithms ?? false,
    out: values.out,
    from: values.from,
  };
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        on: { type: 'string' },
        quick: { type: 'boolean' },
        brief: { type: 'boolean' },
        replicas: { type: 'string' },
        rounds: { type: 'string' },
        seed: { type: 'string' },
        mix: { type: 'string' },
        bare: { type: 'boolean' },
        tier: { type: 'string' },
        control: { type: 'string' },
        vertical: { type: 'boolean' },
        autoscale: { type: 'boolean' },
        overload: { type: 'boolean' },
        algorithms: { type: 'boolean' },
        out: { type: 'string' },
        from: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function oneOf<T extends string>(name: string, text: string, all: readonly T[]): T {
  const found = all.find((one) => one === text);
  if (found === undefined) throw new UsageError(`${name} takes ${all.join(', ')}, not ${text}.`);
  return found;
}

function parseTier(text: string): number[] {
  const [, counts] = /^postgres-replica=(.+)$/.exec(text) ?? [];
  if (counts === undefined) throw new UsageError(`--tier takes postgres-replica=1,2,3, not ${text}.`);
  return parseCounts('--tier', counts);
}

function parseCounts(name: string, text: string): number[] {
  const counts = [...new Set(text.split(',').map((part) => wholeNumber(name, part, 1, 64)))].toSorted((one, other) => one - other);
  if (counts[0] !== 1) throw new UsageError(`${name} needs 1 among them: it is what the others are compared with.`);
  return counts;
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text.trim());
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${name} takes whole numbers from ${least} to ${most}, not ${text}.`);
}
