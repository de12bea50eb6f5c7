import { check } from 'k6';
import { SharedArray } from 'k6/data';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { TARGET } from '../../lib/config.ts';
import { pick } from '../../lib/pool.ts';
import { arrivals } from './arrivals.ts';

/** k6 has the Web's; its type definitions don't. */
declare const crypto: { randomUUID(): string };

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

/** What the replicas are to do beside answering, if anything. */
const EXPERIMENT = __ENV['EXPERIMENT'] ?? '';

/** As prove/pool.ts writes them. */
const questions = new SharedArray<{ slug: string; product: string; shelf: string; search: string; sku: string }>('questions', () =>
  JSON.parse(open(__ENV['POOL'] ?? '')),
);
/** Read once: each look at a SharedArray parses it again. */
const pool = [...questions];

const stages: { seconds: number; rate: number }[] = JSON.parse(__ENV['STAGES'] || '[]');

const curve = {
  executor: 'ramping-arrival-rate' as const,
  exec: 'request',
  startRate: Math.max(1, Math.round(RATE * 10)),
  timeUnit: '10s',
  stages: stages.map(({ seconds, rate }) => ({ duration: `${seconds}s`, target: Math.round(rate * 10) })),
  preAllocatedVUs: VUS,
  maxVUs: VUS,
  gracefulStop: '5s',
};

const load = { exec: 'request', rate: RATE, users: VUS };

export const options: Options = {
  scenarios: {
    ...(WARMUP > 0 && { warmup: arrivals({ ...load, seconds: WARMUP, from: 0 }) }),
    measure: stages.length > 0 ? { ...curve, startTime: `${WARMUP}s` } : arrivals({ ...load, seconds: MEASURE, from: WARMUP }),
  },
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

/** Shares of 1 that aren't browsing. */
const WRITES: Readonly<Record<string, { cart: number; order: number; hot: boolean }>> = {
  browse: { cart: 0, order: 0, hot: false },
  mixed: { cart: 0.03, order: 0.02, hot: false },
  write: { cart: 0, order: 1, hot: false },
  'hot-sku': { cart: 0, order: 1, hot: true },
  uncached: { cart: 0, order: 0, hot: false },
};
const mix = mixOf(__ENV['MIX'] ?? 'browse');

function mixOf(name: string) {
  const found = WRITES[name];
  if (found) return found;
  throw new Error(`there is no mix ${name}`);
}

export function request(): void {
  const one = pick(pool);
  const dice = Math.random();
  if (dice < mix.order) order(mix.hot ? pool[0]?.sku : one.sku);
  else if (dice < mix.order + mix.cart) fillCart(one.sku);
  else if (__ENV['MIX'] === 'uncached') askTheDatabase(one);
  else browse(one);
}

/** A page that nobody has asked for before: no cache has it. */
function askTheDatabase({ shelf }: (typeof pool)[number]): void {
  const least = Math.floor(Math.random() * 1000);
  ask('GET', `${shelf}&minPrice=${least}&maxPrice=${100_000 + Math.floor(Math.random() * 1_000_000)}&limit=5`, 200, '{"items":[');
}

/** Half of the requests open a product, a third a shelf, the others search: what a shop is asked most. */
function browse({ slug, product, shelf, search }: (typeof pool)[number]): void {
  const dice = Math.random();
  if (dice < 0.5) ask('GET', product, 200, `"slug":"${slug}"`);
  else ask('GET', dice < 0.8 ? shelf : search, 200, '{"items":[{"id":');
}

function fillCart(sku: string): void {
  ask('PUT', `/v1/cart/items/${sku}`, 200, `"sku":"${sku}"`, { quantity: 1 });
}

/** One piece, paid for at once. */
function order(sku = ''): void {
  ask('POST', '/v1/orders', 201, `"sku":"${sku}"`, { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' });
}

/** @param content what the answer has to contain. */
function ask(method: string, path: string, wanted: number, content: string, body?: object): void {
  const token = TOKENS[__VU % TOKENS.length];
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (EXPERIMENT !== '') headers['x-experiment'] = EXPERIMENT;
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method === 'POST') headers['idempotency-key'] = `"${crypto.randomUUID()}"`;
  const answer = http.request(method, `${TARGET}${path}`, body === undefined ? null : JSON.stringify(body), { headers });
  check(answer, {
    'the answer is what was asked for': ({ status, body: text }) => status === wanted && typeof text === 'string' && text.includes(content),
  });
}

export function handleSummary(data: unknown): Record<string, string> {
  return { [__ENV['SUMMARY'] ?? 'stdout']: JSON.stringify(data) };
}
