import type { ProcessUse, Use } from '../collect/sampler.ts';
import { brokenOf, type Gate, machineGates } from '../gates.ts';
import type { Objectives } from '../plan.ts';
import type { Circumstances } from '../proof.ts';
import type { Comparison } from '../report/comparison.ts';
import { milliseconds, number, percent } from '../report/text.ts';
import { IN_A_ROW, isGood, QUEUE, type Overload, type Phase } from './overload.ts';

export interface Finding {
  what: string;
  found: string;
  goal: string;
  met: boolean;
}

/** Why it says nothing: something else was measured, in the storm or in what all is compared with, or the capacity was not found. */
export function brokenBy({ before, during, failedAt }: Overload): Gate[] {
  const search: Gate = {
    name: 'search',
    passed: failedAt !== null,
    detail: 'the search ended without a rate that held, and one above it that did not',
  };
  const machine = [before, during].flatMap(({ use }) => machineGates({ use, tier: 'api', generatorThrottled: 0 }));
  return brokenOf([search, ...machine]);
}

const is = (what: string, met: boolean, found: string, goal: string): Finding => ({ what, met, found, goal });
const sum = ({ processes }: Use, name: string, value: (one: ProcessUse) => number) =>
  processes.reduce((all, one) => all + (one.name.startsWith(name) ? value(one) : 0), 0);
const edgeOf = (use: Use) => sum(use, 'edge', ({ cores }) => cores);
const memoryOf = (use: Use) => sum(use, 'api-', ({ residentBytes }) => residentBytes);

/** Each goal, and what was found. @param objectives those of the load before the storm, which all is compared with. */
export function judge(overload: Overload, objectives: Objectives): Finding[] {
  const { capacity, offered, before, during, after, recovered, dropped } = overload;
  const { storm } = overload.length;
  const goodput = during.accepted.count / storm / capacity;
  const times = (offered * storm) / during.accepted.count;
  const slower = during.accepted.p99 / before.accepted.p99;
  const answers = during.accepted.count + during.refusedByReplica;
  const refusing = during.refusedByReplica / Math.max(1, answers);
  const orders = during.orders.placed / Math.max(1, during.orders.sent);
  const grown = memoryOf(after.use) / memoryOf(before.use);
  const was = before.accepted;
  const unanswered = before.refused.count + before.broken;
  return [
    is(
      'objectives before it',
      isGood(overload, objectives),
      `p95 ${milliseconds(was.p95)}, p99 ${milliseconds(was.p99)}, ${unanswered} of ${was.count + unanswered} not answered`,
      `p95 ${objectives.p95} ms, p99 ${objectives.p99} ms, ${percent(1 - objectives.failed)} answered`,
    ),
    is('requests that k6 could not send', dropped <= 0.01 * offered * storm, String(dropped), 'at most 1%'),
    is('goodput, of the capacity', goodput >= 0.9, percent(goodput), 'at least 90%'),
    is(
      'p99 of accepted requests, of the normal one',
      slower <= 3,
      `${number(slower, 1)} times (${milliseconds(during.accepted.p99)})`,
      'at most 3 times',
    ),
    is('answers of replicas that were refusals', refusing <= 0.05, percent(refusing), 'at most 5%'),
    is('broken answers', during.broken + after.broken === 0, String(during.broken + after.broken), '0'),
    is('orders placed meanwhile', orders >= 0.99, `${during.orders.placed} of ${during.orders.sent}`, 'at least 99%'),
    is(
      `seconds until ${IN_A_ROW} in a row are normal`,
      recovered !== undefined && recovered <= 5,
      String(recovered ?? 'never'),
      'at most 5',
    ),
    is('memory of the replicas afterwards', grown <= 1.1, `${number(grown, 2)} times`, 'at most 1.1 times'),
    // The search finds less than the replica can once its code is compiled: then tenfold was not tenfold.
    is('offered, of what was answered', times >= 9, `${number(times, 1)} times`, 'at least 9 times'),
  ];
}

/** @param circumstances its plan is the one that was carried out. */
export function compareOverload(overload: Overload, circumstances: Circumstances): Comparison & { findings: Finding[] } {
  const { plan } = circumstances;
  const findings = judge(overload, plan.objectives);
  const { seconds, before, during, after } = overload;
  return {
    title: 'ten times too much',
    verdict: verdictOn(overload, findings),
    findings,
    charts: [
      {
        title: 'Requests answered, each second',
        caption: 'Arrivals go on whether or not answers come. What the edge refuses is not shown: it is ten times as much.',
        xAxis: 'seconds',
        yAxis: 'right answers a second',
        series: [
          { name: 'right answers', points: seconds.map(({ accepted }, second) => [second, accepted] as const) },
          { name: 'the capacity that was found before', points: seconds.map((_, second) => [second, overload.capacity] as const) },
        ],
      },
      {
        title: 'How long they took',
        caption: 'p99 of the right answers to the requests of each second.',
        xAxis: 'seconds',
        yAxis: 'milliseconds',
        series: [
          { name: 'p99', points: seconds.map(({ p99 }, second) => [second, p99] as const) },
          { name: 'three times the p99 before it', points: seconds.map((_, second) => [second, 3 * before.accepted.p99] as const) },
        ],
      },
    ],
    tables: [
      {
        title: 'The goals',
        isWords: true,
        columns: ['what', 'found', 'goal', 'met'],
        rows: findings.map(({ what, found, goal, met }) => [what, found, goal, met ? 'yes' : 'no']),
      },
      {
        title: 'Before, meanwhile, afterwards',
        columns: ['', 'answered/s', 'median', 'p99', 'refused/s', 'p95 of a refusal', 'orders', 'p99 of orders', 'replica', 'edge', 'k6'],
        rows: [phaseRow('before', before), phaseRow('meanwhile', during), phaseRow('afterwards', after)],
      },
    ],
    notes: [
      `One replica with ${percent(plan.share, 0)} of a core, held to it by the kernel. Its capacity is the highest rate at which it meets the objectives, with orders beside it; before and afterwards 0.8 of that is sent, meanwhile ten times what it answers of far too many (${number(overload.most, 0)} a second). The edge lets it have ${overload.places} requests at once, which is what it answers in ${1000 * QUEUE} ms, and refuses the others (503, Retry-After) without asking it.`,
      'Replica, edge and k6 are in cores. Refusals of replicas would cost what answers cost; those of the edge cost the edge alone. Orders have places of their own, which browsing can not take.',
    ],
    circumstances,
  };
}

function verdictOn(overload: Overload, findings: readonly Finding[]): string {
  const broken = brokenBy(overload);
  if (broken.length > 0) return `Void: ${broken.map(({ detail }) => detail).join('; ')}.`;
  const missed = findings.filter(({ met }) => !met);
  const words =
    missed.length === 0
      ? 'every goal was met'
      : `${missed.length} of ${findings.length} goals were missed (${missed.map(({ what }) => what).join('; ')})`;
  const { during, offered, capacity } = overload;
  const { storm } = overload.length;
  return `Ten times too much for ${storm} s: ${words}. Of ${number(offered, 0)} requests a second ${number(during.accepted.count / storm, 0)} were answered, where ${number(capacity, 0)} met the objectives; p99 ${milliseconds(during.accepted.p99)}, orders placed ${during.orders.placed} of ${during.orders.sent}; to refuse one cost the edge ${number(refusal(overload), 0)} µs.`;
}

/** Microseconds of the edge's CPU for a request that it refused: what it used beyond what as many answers cost it before. */
function refusal({ before, during }: Overload): number {
  const each = (edgeOf(before.use) * before.use.seconds) / before.accepted.count;
  const rest = edgeOf(during.use) * during.use.seconds - each * during.accepted.count;
  return (1e6 * Math.max(0, rest)) / during.refused.count;
}

function phaseRow(name: string, { accepted, refused, orders, use }: Phase): string[] {
  return [
    name,
    number(accepted.count / use.seconds),
    milliseconds(accepted.med),
    milliseconds(accepted.p99),
    number(refused.count / use.seconds, 0),
    refused.count === 0 ? '' : milliseconds(refused.p95),
    `${orders.placed} of ${orders.sent}`,
    milliseconds(orders.p99),
    number(
      sum(use, 'api-', ({ cores }) => cores),
      2,
    ),
    number(
      sum(use, 'edge', ({ cores }) => cores),
      2,
    ),
    number(use.generator, 2),
  ];
}
