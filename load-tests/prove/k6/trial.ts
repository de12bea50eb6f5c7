import { check } from 'k6';
import { SharedArray } from 'k6/data';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { TARGET } from '../../lib/config.ts';
import { pick } from '../../lib/pool.ts';

/**
 * One trial of the proof: requests at a constant rate, first unmeasured, then measured. An iteration is one request, so
 * that the arrival rate is the request rate; the arrivals do not wait for the answers (lib/options.ts says why).
 *
 * It is written to cost k6 little, since k6 shares the machine with what it measures: few tags, one check a request.
 */
const RATE = Number(__ENV['RATE']);
const WARMUP = Number(__ENV['WARMUP']);
const MEASURE = Number(__ENV['MEASURE']);
/** Requests that may be under way at once: past it k6 drops iterations, and the trial fails. */
const VUS = Number(__ENV['VUS']);
/** Empty for guests. */
const TOKENS = (__ENV['TOKENS'] ?? '').split(',').filter(Boolean);

/** As prove/pool.ts writes them. */
const questions = new SharedArray<{ slug: string; product: string; shelf: string; search: string }>('questions', () =>
  JSON.parse(open(__ENV['POOL'] ?? '')),
);
/** Read once: each look at a SharedArray parses it again. */
const pool = [...questions];

const arrivals = (seconds: number, startTime: number) => ({
  executor: 'constant-arrival-rate' as const,
  exec: 'request',
  // k6 takes whole numbers.
  rate: Math.max(1, Math.round(RATE * 10)),
  timeUnit: '10s',
  duration: `${seconds}s`,
  startTime: `${startTime}s`,
  preAllocatedVUs: VUS,
  maxVUs: VUS,
  gracefulStop: '5s',
});

export const options: Options = {
  scenarios: { ...(WARMUP > 0 && { warmup: arrivals(WARMUP, 0) }), measure: arrivals(MEASURE, WARMUP) },
  // Always true: k6 keeps a metric by tag only where a threshold asks for it.
  thresholds: {
    'http_req_duration{scenario:measure}': ['max>=0'],
    'http_reqs{scenario:measure}': ['count>=0'],
    'dropped_iterations{scenario:measure}': ['count>=0'],
    'checks{scenario:measure}': ['rate>=0'],
  },
  systemTags: ['scenario'],
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max', 'count'],
  userAgent: 'tenfold-prove',
};

/** Tells when the arrivals begin, so that what is collected beside k6 is about the same seconds. */
export function setup(): { startedAt: number } {
  return { startedAt: Date.now() };
}

/** Half of the requests open a product, a third a shelf, the others search: what a shop is asked most. */
export function request(): void {
  const { slug, product, shelf, search } = pick(pool);
  const dice = Math.random();
  if (dice < 0.5) get(product, `"slug":"${slug}"`);
  else get(dice < 0.8 ? shelf : search, '{"items":[{"id":');
}

/** @param content what the answer has to contain. */
function get(path: string, content: string): void {
  const token = TOKENS[__VU % TOKENS.length];
  const answer = http.get(`${TARGET}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  check(answer, {
    'the answer is what was asked for': ({ status, body }) => status === 200 && typeof body === 'string' && body.includes(content),
  });
}

export function handleSummary(data: unknown): Record<string, string> {
  return { [__ENV['SUMMARY'] ?? 'stdout']: JSON.stringify(data) };
}
