import { check } from 'k6';
import { SharedArray } from 'k6/data';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { TARGET } from '../../lib/config.ts';
import { pick } from '../../lib/pool.ts';
import { arrivals } from './arrivals.ts';

/**
 * Pages that every replica has in memory, at a constant rate, and among them a share of dear ones, which no cache has: a
 * hundred products at prices that nobody has asked for before. Chance decides which is which: at every twentieth request,
 * round robin over four would give one replica all of the dear ones.
 */
const RATE = Number(__ENV['RATE']);
const WARMUP = Number(__ENV['WARMUP']);
const MEASURE = Number(__ENV['MEASURE']);
const VUS = Number(__ENV['VUS']);
/** The part of the requests that are dear. */
const DEAR = Number(__ENV['DEAR']);
const TOKENS = (__ENV['TOKENS'] ?? '').split(',').filter(Boolean);

/** As prove/pool.ts writes them. */
const questions = new SharedArray<{ slug: string; product: string; shelf: string; search: string }>('questions', () =>
  JSON.parse(open(__ENV['POOL'] ?? '')),
);
/** Read once: each look at a SharedArray parses it again. */
const pool = [...questions];

const load = { exec: 'request', rate: RATE, users: VUS };

export const options: Options = {
  scenarios: { warmup: arrivals({ ...load, seconds: WARMUP, from: 0 }), measure: arrivals({ ...load, seconds: MEASURE, from: WARMUP }) },
  // Always true: k6 keeps a metric by tag only where a threshold asks for it.
  thresholds: {
    'http_req_duration{scenario:measure,kind:cheap}': ['max>=0'],
    'dropped_iterations{scenario:measure}': ['count>=0'],
    'checks{scenario:measure}': ['rate>=0'],
    ...(DEAR > 0 && { 'http_req_duration{scenario:measure,kind:dear}': ['max>=0'] }),
  },
  systemTags: ['scenario'],
  summaryTrendStats: ['med', 'p(95)', 'p(99)'],
  userAgent: 'tenfold-prove',
};

/** Tells when the arrivals begin, so that what is collected beside k6 is about the same seconds. */
export function setup(): { startedAt: number } {
  return { startedAt: Date.now() };
}

export function request(): void {
  const { slug, product, shelf, search } = pick(pool);
  const dice = Math.random();
  if (Math.random() < DEAR) {
    const least = Math.floor(Math.random() * 1000);
    ask('dear', `${shelf}&minPrice=${least}&maxPrice=${100_000 + Math.floor(Math.random() * 1_000_000)}&limit=100`, '{"items":[');
  } else if (dice < 0.5) ask('cheap', product, `"slug":"${slug}"`);
  else ask('cheap', dice < 0.8 ? shelf : search, '{"items":[{"id":');
}

/** @param content what the answer has to contain. */
function ask(kind: string, path: string, content: string): void {
  const token = TOKENS[__VU % TOKENS.length];
  const answer = http.get(`${TARGET}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, tags: { kind } });
  check(answer, {
    'the answer is what was asked for': ({ status, body }) => status === 200 && typeof body === 'string' && body.includes(content),
  });
}

export function handleSummary(data: unknown): Record<string, string> {
  return { [__ENV['SUMMARY'] ?? 'stdout']: JSON.stringify(data) };
}
