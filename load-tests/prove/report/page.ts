import type { Mix } from '../plan.ts';
import type { Proof } from '../proof.ts';
import { TIERS } from '../tiers.ts';
import { costChart, efficiencyChart, latencyChart, spreadChart, throughputChart } from './charts.ts';
import { origin } from './origin.ts';
import { PAGE_STYLE } from './style.ts';
import { coefficientTable, extrapolationTable, gateTable, levelTable, runTable } from './tables.ts';
import { coefficient, escape, number, percent } from './text.ts';

const tile = (value: string, words: string) => `<div class="tile"><b>${value}</b><span>${words}</span></div>`;
const figure = (chart: string, title: string, caption: string, style = '') =>
  `<figure${style ? ` class="${style}"` : ''}><h3>${title}</h3>${chart}<figcaption>${caption}</figcaption></figure>`;

/** The whole report: one page without scripts that needs nothing but itself. */
export function renderPage(proof: Proof): string {
  const { valid, verdict, goals, circumstances } = proof;
  const style = !valid || goals.some(({ met }) => !met) ? ' bad' : goals.length > 0 ? ' good' : '';
  const { startedAt, finishedAt, on, mix, machine, plan } = circumstances;
  const minutes = Math.max(1, Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 60_000));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tenfold, the scaling proof: ${escape(verdict)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>Tenfold · the scaling proof</h1>
<p class="verdict${style}">${escape(verdict)}</p>
<p class="sub">${escape(`${on} cluster, ${mix} mix${plan.work ? ' with 2 ms of work a request' : ''}, ${machine.cores} cores (${machine.cpu}); ${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${minutes} minutes`)}</p>
${tiles(proof)}
<h2>Throughput</h2>
${charts(proof)}
<h2>The figures</h2>
${levelTable(proof)}
${coefficientTable(proof)}
<h2>Is it valid?</h2>
<p>A gate is a condition without which a run says nothing about scaling, however good its figures look. A run that breaks one is
done again, ${circumstances.plan.repeats} times at most; if it breaks it still, the whole proof is void. The gates on CPU look at the run at the highest rate
that met the objectives; the run at 80% of that rate has to meet them again.${
    mix === 'browse'
      ? ''
      : ` <b>bound</b> voids nothing here: where this
mix meets in what there is once, that is what the run shows.`
  }</p>
${gateTable(proof)}
<h2>How to read this</h2>
${howToRead(proof)}
<h2>On the way to 100,000 requests a second</h2>
<p class="note"><b>An extrapolation, not a measurement.</b> It takes what was measured here and multiplies.</p>
${extrapolationTable(proof)}
<h2>How it was made</h2>
${origin(proof.circumstances)}
<details><summary>Every run, and the rates that were tried</summary>
${runTable(proof)}
</details>
</main>
</body>
</html>
`;
}

function tiles({ levels, usl }: Proof): string {
  const one = levels.find(({ n }) => n === 1);
  const top = levels.at(-1);
  const range = (name: 'a' | 'b') => {
    const interval = usl?.intervals?.[name];
    return interval ? `, ${coefficient(interval[0])} to ${coefficient(interval[1])}` : '';
  };
  return `<div class="tiles">${[
    ...(one && top ? [tile(`${number(top.capacity / one.capacity, 2)}×`, `the work of one, with ${top.n} replicas`)] : []),
    ...(top ? [tile(percent(top.efficiency), `of ideal with ${top.n} replicas`)] : []),
    ...(one && top ? [tile(`${number(one.capacity, 0)} → ${number(top.capacity, 0)}`, `requests a second, 1 and ${top.n} replicas`)] : []),
    ...(usl ? [tile(coefficient(usl.a), `contention a${range('a')}`), tile(coefficient(usl.b), `coherency b${range('b')}`)] : []),
  ].join('')}</div>`;
}

function charts(proof: Proof): string {
  const { plan } = proof.circumstances;
  const rows = proof.cost.map(({ n, tiers }) => ({ n, tiers: TIERS.map((name) => ({ name, style: name, cost: tiers[name] })) }));
  return `<div class="charts">${[
    figure(
      throughputChart({ ...proof, fit: proof.usl }),
      'Requests a second against replicas',
      `The highest rate at which ${percent(1 - plan.objectives.failed, 1)} of the answers were right, p95 was at most ${plan.objectives.p95} ms and p99 at most ${plan.objectives.p99} ms.`,
    ),
    figure(efficiencyChart({ ...proof, fit: proof.usl }), 'Efficiency', 'What N replicas did, as a part of N times what one did.'),
    figure(
      latencyChart(proof.runs, plan.objectives),
      'Latency at 80% of capacity',
      `Slow on purpose: a replica has ${percent(plan.share, 0)} of a core, so that ten of them and everything else fit one machine.`,
    ),
    figure(
      spreadChart(proof.runs, 0.05),
      'Spread over the replicas',
      'How far each replica is from an equal share of the requests, in every run.',
    ),
    figure(
      costChart(rows),
      'Where the CPU of a request goes',
      'Microseconds of CPU at capacity, for each number of replicas. A line of growing bars is what bends the curve. k6 is the load generator: it is no part of the system.',
      'wide',
    ),
  ].join('')}</div>`;
}

const MIX_WORDS: Readonly<Record<Mix, string>> = {
  browse: `The mix is signed-in shoppers who open products, shelves and searches, all of them in the replicas' memory: the path that is
meant to touch nothing shared. It says nothing about writes, which meet in one primary database.`,
  mixed: `The mix is signed-in shoppers, of whose requests 3 in 100 fill a cart and 2 place an order; the others open products, shelves
and searches. An order changes what caches hold of its product, in every replica.`,
  write: `Every request is an order of one piece, spread over the products as looks are: one transaction on the one primary database, a
payment, a mail. Replicas share all of that, so their number is not what it scales by.`,
  'hot-sku': `Every request is an order of the same piece: the transactions wait for one row of the one primary database, which
is what stock buckets are there against. Here the piece has one bucket.`,
  uncached: `Every request is a page that nobody has asked for before, so that each is read from a database replica.`,
};

const WORK_WORDS = ` With each request a replica also does 2 ms of work: what a product would do of its own, and this one doesn't. Most of
the CPU of replicas in the chart above is that; <code>--bare</code> measures without it.`;

function howToRead({ circumstances: { plan } }: Proof): string {
  return `<p>Every replica may use the same ${percent(plan.share, 0)} of a core, held to it by the kernel, so one more replica is one more small machine. For each
number of replicas, in random order${plan.rounds > 1 ? ` and ${plan.rounds} times over` : ''}, the highest rate of arrivals is searched at which the objectives are met. Arrivals
don't wait for answers (an open model): a system that becomes slow is not asked less.</p>
<p>The dashed line is what one replica did, times N. The blue curve is the Universal Scalability Law,
X(N) = gN / (1 + a(N−1) + bN(N−1)), fitted to all runs by least squares. <b>a</b> is contention: with a = 0.01 no number of
replicas does more than a hundred times the work of one. <b>b</b> is coherency: with it there is a number of replicas past which more
do less. Both 0 is a straight line. Intervals are from a bootstrap; error bars are the range of the runs.</p>
<p>${MIX_WORDS[plan.mix]}${plan.work ? WORK_WORDS : ''}</p>`;
}
