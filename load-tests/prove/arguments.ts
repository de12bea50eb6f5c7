import { parseArgs } from 'node:util';
import { UsageError } from '../run/errors.ts';
import { type Control, CONTROLS, type Mix, MIXES } from './plan.ts';

export interface Invocation {
  on: 'local' | 'compose';
  quick: boolean;
  counts: number[] | undefined;
  rounds: number | undefined;
  seed: number;
  mix: Mix;
  control: Control | undefined;
  /** Not whether it scales, but what it does with ten times too much. */
  overload: boolean;
  out: string | undefined;
  /** Makes the report again from this proof.json. */
  from: string | undefined;
}

export const HELP = `Measures whether N replicas do N times the work of one, and writes a report.

  npm run prove -- [OPTION …]

  --quick               1, 2 and 4 replicas, once, short: does the machinery work?
  --on local|compose    which cluster (it has to run, and this has to be root: quotas)
  --replicas 1,2,4      instead of 1,2,3,4,6,8,10
  --rounds N            runs of each (default 3)
  --seed N              of the random order
  --mix browse          what is asked: browse, mixed (a twentieth of it writes), write (orders), hot-sku (orders of one thing)
  --control FAULT       a fault on purpose that has to turn the verdict: half-quota (of one replica), slow-generator,
                        global-lock, shared-hop (the last two need a cluster that was started with EXPERIMENTS=true)
  --overload            instead: two replicas get ten times what they can answer, for a minute
  --out DIR             for index.html, proof.json, runs.csv, throughput.svg (default: .tenfold/proof)
  --from proof.json     measures nothing, and makes the report from an earlier proof

  A full proof takes about half an hour, a quick one about three minutes. Nothing else should run meanwhile.

  exit codes: 0 valid and every goal met, 1 failed, 2 wrong usage, 3 valid and a goal missed, 4 void`;

/** @throws UsageError; undefined when help is wanted. */
export function parseInvocation(argv: readonly string[]): Invocation | undefined {
  const values = parse(argv);
  if (values.help) return undefined;
  return {
    on: values.on === undefined ? 'local' : oneOf('--on', values.on, ['local', 'compose']),
    quick: values.quick ?? false,
    counts: values.replicas === undefined ? undefined : parseCounts(values.replicas),
    rounds: values.rounds === undefined ? undefined : wholeNumber('--rounds', values.rounds, 1, 20),
    seed: values.seed === undefined ? 1 : wholeNumber('--seed', values.seed, 0, 2 ** 31),
    mix: values.mix === undefined ? 'browse' : oneOf('--mix', values.mix, MIXES),
    control: values.control === undefined ? undefined : oneOf('--control', values.control, CONTROLS),
    overload: values.overload ?? false,
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
        replicas: { type: 'string' },
        rounds: { type: 'string' },
        seed: { type: 'string' },
        mix: { type: 'string' },
        control: { type: 'string' },
        overload: { type: 'boolean' },
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

function parseCounts(text: string): number[] {
  const counts = [...new Set(text.split(',').map((part) => wholeNumber('--replicas', part, 1, 64)))].toSorted((one, other) => one - other);
  if (counts[0] !== 1) throw new UsageError('--replicas needs 1 among them: it is what the others are compared with.');
  return counts;
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text.trim());
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${name} takes whole numbers from ${least} to ${most}, not ${text}.`);
}
