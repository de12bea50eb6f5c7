import type { Use } from '../collect/sampler.ts';
import { brokenOf, type Gate, machineGates } from '../gates.ts';
import type { Circumstances } from '../proof.ts';
import type { Comparison } from '../report/comparison.ts';
import { milliseconds, number, percent } from '../report/text.ts';
import { type Algorithms, type Arm, type Condition } from './algorithms.ts';

/** One measurement each: what is nearer together than this is not told apart. */
const ALIKE = 1.15;

const CONDITIONS: Readonly<Record<Condition, { name: string; words: string }>> = {
  even: { name: 'even replicas', words: 'with even replicas' },
  uneven: { name: 'one at half the CPU', words: 'with one replica at half the CPU' },
  long: { name: 'long requests among short', words: 'for the short requests among long ones' },
};

/** What would make a measurement worthless: the machine was busy with something else, or k6 could not keep up. */
export function brokenGates({ served: { use, dropped } }: Arm): Gate[] {
  const drops = { name: 'drops', passed: dropped === 0, detail: `${dropped} requests could not be sent in time (none)` };
  return brokenOf([...machineGates({ use, tier: 'api', generatorThrottled: 0 }), drops]);
}

/** The part of the answers that may be refusals or wrong: refusing is quick. */
const MOST_FAILED = 0.001;

/** Who had the lowest p99 of those that answered, and how much worse round robin was. Undefined where it was not measured. */
export function verdictOn(arms: readonly Arm[], condition: Condition): string | undefined {
  const measured = arms
    .filter((arm) => arm.condition === condition && (!arm.oneNetwork || arm.algorithm !== 'ip_hash'))
    .toSorted((one, other) => one.served.cheap.p99 - other.served.cheap.p99);
  const answered = measured.filter(({ served }) => served.failed <= MOST_FAILED);
  const [best] = answered;
  const turns = measured.find(({ algorithm }) => algorithm === 'round_robin');
  if (!best || !turns) return undefined;
  const least = best.served.cheap.p99;
  const alike = answered.filter(({ served }) => served.cheap.p99 <= least * ALIKE);
  const names = alike.map(({ algorithm }) => algorithm).join(', ');
  const range =
    alike.length > 1 ? `${milliseconds(least)} to ${milliseconds(alike.at(-1)?.served.cheap.p99 ?? least)}` : milliseconds(least);
  return `${CONDITIONS[condition].words} the lowest p99 had ${names} (${range}), ${inComparison(turns, least, alike)}`;
}

/** What is to be said of round robin. */
function inComparison(turns: Arm, least: number, alike: readonly Arm[]): string {
  const { failed, cheap } = turns.served;
  if (alike.includes(turns)) return 'round robin was no worse';
  if (failed > MOST_FAILED) return `round robin failed ${percent(failed)}`;
  return `round robin's was ${number(cheap.p99 / least, 1)} times that (${milliseconds(cheap.p99)})`;
}

/** @param circumstances its plan is the one that was carried out. */
export function compareAlgorithms({ arms, refused }: Algorithms, circumstances: Circumstances): Comparison {
  const found = [verdictOn(arms, 'uneven'), verdictOn(arms, 'long')].filter((words) => words !== undefined).join('; ');
  const broken = arms.filter((arm) => brokenGates(arm).length > 0).length;
  return {
    title: 'which balancing',
    verdict: `${broken > 0 ? `VOID, ${broken} of ${arms.length} measurements were disturbed: ` : ''}${found.charAt(0).toUpperCase()}${found.slice(1)}.`,
    charts: [],
    bars: [
      {
        title: 'p99 of the short requests',
        caption:
          'All bars of a colour are about the same arrivals: 75 to 90% of the rate at which even replicas, chosen by least_conn, met the objectives of the proof just before.',
        series: Object.values(CONDITIONS).map(({ name }) => name),
        rows: rowsOf(arms),
      },
    ],
    tables: conditionsOf(arms).map((condition) => tableOf(arms, condition)),
    notes: notesOn(arms, refused),
    circumstances,
  };
}

const nameOf = ({ algorithm, oneNetwork }: Arm) => (algorithm === 'ip_hash' && oneNetwork ? 'ip_hash, one network' : algorithm);

function conditionsOf(arms: readonly Arm[]): Condition[] {
  return (['even', 'uneven', 'long'] as const).filter((condition) => arms.some((arm) => arm.condition === condition));
}

function rowsOf(arms: readonly Arm[]) {
  const names = [...new Set(arms.map(nameOf))].toSorted();
  const p99 = (name: string, condition: Condition) =>
    arms.find((arm) => nameOf(arm) === name && arm.condition === condition)?.served.cheap.p99 ?? null;
  return names.map((name) => ({ name, values: (['even', 'uneven', 'long'] as const).map((condition) => p99(name, condition)) }));
}

function tableOf(arms: readonly Arm[], condition: Condition): Comparison['tables'][number] {
  const measured = arms.filter((arm) => arm.condition === condition).toSorted((one, other) => nameOf(one).localeCompare(nameOf(other)));
  const hasDear = measured.some(({ served }) => served.dear !== null);
  const rate = measured[0]?.served.rate ?? 0;
  return {
    title: `${CONDITIONS[condition].name}, ${number(rate, 0)} requests a second`,
    columns: [
      'way',
      'right answers/s',
      'median',
      'p95',
      'p99',
      ...(hasDear ? ['p95 of long'] : []),
      'failed',
      'spread',
      'busiest',
      'gates',
    ],
    rows: measured.map((arm) => {
      const { goodput, cheap, dear, failed, spread, use } = arm.served;
      return [
        nameOf(arm),
        number(goodput, 0),
        milliseconds(cheap.med),
        milliseconds(cheap.p95),
        milliseconds(cheap.p99),
        ...(hasDear ? [dear === null ? '' : milliseconds(dear.p95)] : []),
        percent(failed, 2),
        spread.map(({ part }) => number(100 * part, 0)).join(' / '),
        percent(busiest(use), 0),
        brokenGates(arm)
          .map(({ name, detail }) => `${name}: ${detail}`)
          .join('; ') || 'passed',
      ];
    }),
  };
}

/** The part of its quota that the busiest replica used. */
function busiest({ processes }: Use): number {
  return Math.max(...processes.map(({ name, cores, share }) => (name.startsWith('api-') ? cores / (share ?? 1) : 0)));
}

function notesOn(arms: readonly Arm[], refused: Algorithms['refused']): string[] {
  const isApart = arms.some(({ algorithm, oneNetwork }) => algorithm === 'ip_hash' && !oneNetwork);
  return [
    'Spread is what each replica got, in per cent; the last one is the one with half the CPU. Busiest is the part of its quota that the busiest used. Failed are refusals and wrong answers. Each figure is from one measurement, in random order: a difference of a few per cent is chance.',
    'weighted is round robin with the weights of somebody who knows the quotas (2, 2, 2, 1 where one is half): on even replicas it is round robin. A replica past its limit holds at most EDGE_MAX_CONNS_BROWSE requests (256); what finds no place there goes to the others, whatever the way.',
    isApart
      ? 'ip_hash looks at the first three bytes of an IPv4 address. Clients come from 250 networks here, which it spreads as evenly as chance does; from one network (a NAT, an office, a proxy in front) all go to one replica until its places are taken.'
      : 'ip_hash looks at the first three bytes of an IPv4 address. Through a published port all clients of this machine are one, so all go to one replica until its places are taken.',
    `Long requests are 3% of all: pages of a hundred products that no cache has. The short ones are what every replica has in memory.`,
    ...refused.map(({ algorithm, words }) => `Not measured: ${algorithm}. ${words}`),
  ];
}
