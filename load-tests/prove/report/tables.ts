import { countedRuns, finalRuns } from '../analyse.ts';
import { ASSUMPTIONS, type Extrapolation } from '../extrapolation.ts';
import { brokenOf, spreadOf } from '../gates.ts';
import type { Proof } from '../proof.ts';
import { coefficient, escape, milliseconds, number, percent } from './text.ts';

export const head = (...names: string[]) => `<thead><tr>${names.map((name) => `<th>${name}</th>`).join('')}</tr></thead>`;
export const row = (cells: readonly string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
export const table = (header: string, rows: readonly string[], style = '') =>
  `<div class="scroll"><table${style ? ` class="${style}"` : ''}>${header}<tbody>${rows.join('')}</tbody></table></div>`;
const mark = (passed: boolean, words: readonly [string, string] = ['pass', 'void']) =>
  `<span class="${passed ? 'pass' : 'fail'}">${passed ? words[0] : words[1]}</span>`;

/** One row for each number of replicas. */
export function levelTable({ levels, runs, usl }: Proof): string {
  const rows = levels.map(({ n, capacity, least, most, efficiency, runs: count }) => {
    const counted = countedRuns(finalRuns(runs)).filter((run) => run.n === n);
    const mean = (value: (run: (typeof counted)[number]) => number) => counted.reduce((sum, run) => sum + value(run), 0) / counted.length;
    const range = count > 1 ? `${number(least)}–${number(most)}` : '–';
    return row([
      String(n),
      number(capacity),
      range,
      number(capacity / n),
      percent(efficiency),
      milliseconds(mean(({ confirmation }) => confirmation.latency.med)),
      milliseconds(mean(({ confirmation }) => confirmation.latency.p95)),
      milliseconds(mean(({ confirmation }) => confirmation.latency.p99)),
      n === 1 ? '–' : percent(Math.max(...counted.map(({ saturation }) => spreadOf(saturation.replicas.map(({ requests }) => requests))))),
      milliseconds(1000 * Math.max(...counted.flatMap(({ saturation }) => saturation.replicas.map(({ eventLoopP99 }) => eventLoopP99)))),
    ]);
  });
  const names = ['replicas', 'requests/s', 'range', 'each', 'of ideal', 'median', 'p95', 'p99', 'spread', 'event loop p99'];
  return (
    table(head(...names), rows) +
    (usl ? '' : '<p>Fewer than three numbers of replicas were measured without a fault: no law can be fitted.</p>')
  );
}

export function coefficientTable({ usl }: Proof): string {
  if (!usl) return '';
  const interval = (name: 'g' | 'a' | 'b') => {
    const found = usl.intervals?.[name];
    if (!found) return 'not known: no more runs than coefficients';
    return name === 'g' ? `${number(found[0])} to ${number(found[1])}` : `${coefficient(found[0])} to ${coefficient(found[1])}`;
  };
  const rows = [
    row(['g', number(usl.g), interval('g'), 'requests a second of one replica']),
    row(['a, contention', coefficient(usl.a), interval('a'), 'part of the work that waits for something that there is once']),
    row(['b, coherency', coefficient(usl.b), interval('b'), 'what each pair of replicas costs by agreeing with one another']),
  ];
  return table(head('coefficient', 'fitted', '95% interval', 'what it is'), rows, 'words');
}

/** A gate that is broken in a proof that counts all the same says where a limit is. */
export function gateTable({ gates, goals, cause }: Proof): string {
  const wanted = goals.map(({ name, wanted: want, found, met }) =>
    row([`goal ${name}`, mark(met, ['met', 'missed']), '', `${found} (${want})`]),
  );
  const rows = gates.map(({ name, passed, runs, passedRuns, detail }) =>
    row([name, mark(passed, ['pass', cause === 'void' ? 'void' : 'limit']), `${passedRuns} of ${runs} runs`, escape(detail)]),
  );
  return table(head('gate', 'result', 'passed by', 'worst or last case'), [...rows, ...wanted], 'words');
}

/** Every run, those that were void and done again too. */
export function runTable({ runs }: Proof): string {
  const rows = runs.map(({ n, round, capacity, search, valid, gates, saturation }) => {
    const broken = brokenOf(gates).map(({ name, detail }) => `${name}: ${detail}`);
    const trials = search.map(({ rate, missed }) => `${number(rate)}${missed === null ? ' ✓' : ` ✗ ${escape(missed)}`}`).join('<br>');
    const waits = saturation.replicas.reduce((sum, { poolWait }) => sum + poolWait, 0);
    return row([
      `${n}`,
      String(round),
      number(capacity),
      mark(valid),
      `${percent(saturation.use.idle, 0)} idle, k6 ${percent(saturation.use.generator, 0)}, others ${percent(saturation.use.foreign, 0)} of a core; ${saturation.upstreams} connections to replicas; ${number(waits, 2)} s waited for database connections`,
      broken.map(escape).join('<br>') || trials,
    ]);
  });
  return table(head('replicas', 'round', 'requests/s', 'gates', 'meanwhile', 'rates tried, or why void'), rows, 'words');
}

function shapeOf({ cells, replicasPerCell }: Extrapolation): string {
  return cells === 1 ? `one cluster of ${replicasPerCell} replicas` : `${cells} clusters of ${replicasPerCell} replicas side by side`;
}

export function extrapolationTable({ extrapolation }: Proof): string {
  if (!extrapolation) return '<p>Without a valid proof there is nothing to extrapolate from.</p>';
  const { likely, worst } = extrapolation;
  const { tiers, cost } = likely;
  const rows = tiers.map(({ tier, count, size, cost: price }) => row([tier, String(count), size, `$${number(price, 0)}`]));
  const total = row(['<b>together</b>', '', '', `<b>$${number(cost, 0)}</b>`]);
  const { utilisation, machineCores, corePrice } = ASSUMPTIONS;
  const caution =
    worst === null
      ? ''
      : `<p>With a and b at the upper ends of their intervals it is ${shapeOf(worst)}, $${number(worst.cost, 0)} a month: what was measured leaves that open.</p>`;
  return `${table(head('tier', 'machines', 'each', 'a month'), [...rows, total], 'words')}
<p>Assumed: the fitted law holds far beyond what was measured (${shapeOf(likely)}); a replica with a whole core does as many times the
requests as it has times the CPU of the ones measured; a request costs the other tiers the same CPU as here, on machines of
${machineCores} cores like this one's; every tier is planned to use ${percent(utilisation, 0)} of its CPU; a core with 4 GiB
costs $${corePrice} a month (on demand, no discount). Not counted: traffic out, storage, copies in other regions, people.</p>
${caution}`;
}
