import { parseArgs } from 'node:util';
import { UsageError } from './errors.ts';
import { ALL } from './journeys.ts';

const SCENARIOS = ['smoke', 'average', 'stress', 'spike', 'soak', 'breakpoint'] as const;
type Scenario = (typeof SCENARIOS)[number];

export interface Invocation {
  scenario: Scenario;
  /** `local`, `compose` or a URL. */
  on: string;
  owned: string | undefined;
  /** Journeys a second. */
  rate: number | undefined;
  /** Seconds. */
  duration: number | undefined;
  journeys: string[];
  out: string | undefined;
}

export const HELP = `Puts a load on a running cluster with k6, and says whether it kept its promises.

  npm run load -- SCENARIO [OPTION …]

  smoke                 does everything work?            2 journeys a second, 10 s
  average               an ordinary hour                20 journeys a second, 60 s
  stress                the busiest hour                60 journeys a second at last
  spike                 ten times as many in 2 s       100 journeys a second, 20 s
  soak                  what leaks or drifts?           15 journeys a second, 30 min
  breakpoint            where does it break?         1,000 journeys a second at last, stops at the first broken promise

  --on local|compose|URL     where (default: local); a journey is three or four requests
  --rate N                   journeys a second at the highest step
  --duration TIME            of the highest step: 30s, 5m, 8h
  --journeys A,B             only these, of browse, search, cart, checkout, signIn, live
  --out DIR                  for summary.json and report.html (default: .tenfold/load/SCENARIO)
  --i-own-this-target URL    needed for any machine but this one; five accounts, load-1@load.example and so on, are
                             registered there, with a password that everybody can read in lib/users.ts

  TENFOLD_K6                 the k6 to use; else the one on PATH, else one is built with Go

  exit codes: 0 all promises kept, 1 failed, 2 wrong usage, 99 a promise was broken`;

/** @throws UsageError; undefined when help is wanted. */
export function parseInvocation(argv: readonly string[]): Invocation | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const [name, ...more] = positionals;
  const scenario = SCENARIOS.find((one) => one === name);
  if (scenario === undefined || more.length > 0) {
    throw new UsageError(`A scenario is wanted (${SCENARIOS.join(', ')}), not ${positionals.join(' ') || 'nothing'}.`);
  }
  const on = values.on ?? 'local';
  if (on !== 'local' && on !== 'compose' && !/^https?:\/\//.test(on))
    throw new UsageError(`--on takes local, compose or a URL, not ${on}.`);
  return {
    scenario,
    on,
    owned: values['i-own-this-target'],
    rate: values.rate === undefined ? undefined : parseRate(values.rate),
    duration: values.duration === undefined ? undefined : parseSeconds(values.duration),
    journeys: values.journeys === undefined ? [] : parseJourneys(values.journeys),
    out: values.out,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        on: { type: 'string' },
        rate: { type: 'string' },
        duration: { type: 'string' },
        journeys: { type: 'string' },
        out: { type: 'string' },
        'i-own-this-target': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws UsageError */
function parseJourneys(text: string): string[] {
  const names = text.split(',').filter(Boolean);
  const unknown = names.find((name) => !ALL.includes(name));
  if (unknown !== undefined || names.length === 0) {
    throw new UsageError(`--journeys takes ${ALL.join(', ')}, not ${unknown ?? 'nothing'}.`);
  }
  return names;
}

/** @returns the journeys a second. @throws UsageError */
function parseRate(text: string): number {
  const rate = Number(text);
  if (rate >= 0.1 && rate <= 20_000) return rate;
  throw new UsageError(`--rate takes 0.1 to 20000 journeys a second, not ${text}.`);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** "30s", "5m", "8h". @returns seconds. @throws UsageError */
export function parseSeconds(text: string): number {
  const [, count, unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 1);
  if (seconds >= 1 && seconds <= 8 * 3600) return seconds;
  throw new UsageError(`--duration takes 1s to 8h, not ${text}.`);
}
