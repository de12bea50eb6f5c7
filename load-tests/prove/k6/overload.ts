import { SharedArray } from 'k6/data';
import { sleep } from 'k6';
import http from 'k6/http';
import { Counter, Rate, Trend } from 'k6/metrics';
import type { Options } from 'k6/options';
import { TARGET } from '../../lib/config.ts';
import { ask } from '../../lib/http.ts';
import { loadProducts, pick, type PoolProduct } from '../../lib/pool.ts';
import { arrivals } from './arrivals.ts';

/**
 * Far more requests than the cluster can answer, between two stretches of as many as it can; orders are placed all the while,
 * a few a second. Arrivals do not wait for answers: a crowd doesn't either. A phase of no seconds is left out.
 */
const number = (name: string) => Number(__ENV[name]);
/** What the replicas are to do beside answering, if anything. */
const EXPERIMENT = __ENV['EXPERIMENT'] ?? '';
const TOKENS = (__ENV['TOKENS'] ?? '').split(',').filter(Boolean);

/** Users in a calm phase: each waits for half a second before it asks, and some for an answer. */
const CALM_USERS = Math.max(200, Math.ceil(1.2 * number('CALM')));

/** Seconds, and requests a second. */
const PHASES = {
  before: { start: 0, seconds: number('CALM_SECONDS'), rate: number('CALM'), users: CALM_USERS },
  during: { start: number('CALM_SECONDS'), seconds: number('STORM_SECONDS'), rate: number('STORM'), users: 600 },
  after: {
    start: number('CALM_SECONDS') + number('STORM_SECONDS'),
    seconds: number('AFTER_SECONDS'),
    rate: number('CALM'),
    users: CALM_USERS,
  },
};
const END = PHASES.after.start + PHASES.after.seconds;

/** k6 has the Web's; its type definitions don't. */
declare const crypto: { randomUUID(): string };

/** As prove/pool.ts writes them. Copied once: each look at a SharedArray parses it again. */
const questions = [
  ...new SharedArray<{ slug: string; product: string; shelf: string; search: string }>('questions', () =>
    JSON.parse(open(__ENV['POOL'] ?? '')),
  ),
];

const accepted = new Trend('accepted', true);
const refused = new Trend('refused', true);
const refusedByReplica = new Counter('refused_by_replica');
const broken = new Counter('broken');
const ordered = new Rate('ordered');
const orderTime = new Trend('order_time', true);

/** k6 keeps a metric by tag only where a threshold asks for it. These are always true. */
const KEPT = {
  accepted: 'max>=0',
  refused: 'max>=0',
  refused_by_replica: 'count>=0',
  broken: 'count>=0',
  ordered: 'rate>=0',
  order_time: 'max>=0',
};

export const options: Options = {
  setupTimeout: '60s',
  scenarios: {
    ...Object.fromEntries(
      Object.entries(PHASES)
        .filter(([, { seconds }]) => seconds > 0)
        .map(([phase, { start, seconds, rate, users }]) => [
          phase,
          arrivals({ exec: phase === 'during' ? 'browse' : 'calm', rate, seconds, from: start, users }),
        ]),
    ),
    orders: {
      executor: 'constant-arrival-rate',
      exec: 'order',
      rate: Math.max(1, Math.round(number('ORDERS') * 60)),
      timeUnit: '60s',
      duration: `${END}s`,
      preAllocatedVUs: 50,
      maxVUs: 50,
      gracefulStop: '20s',
    },
  },
  thresholds: Object.fromEntries([
    ...Object.keys(PHASES).flatMap((phase) => Object.entries(KEPT).map(([name, always]) => [`${name}{phase:${phase}}`, [always]])),
    ...['accepted', 'refused'].flatMap((name) => Array.from({ length: END }, (_, second) => [`${name}{second:${second}}`, ['max>=0']])),
    ...Object.keys(PHASES).map((phase) => [`dropped_iterations{scenario:${phase}}`, ['count>=0']]),
  ]),
  systemTags: ['scenario'],
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max', 'count'],
  userAgent: 'tenfold-prove',
};

interface Prepared {
  /** Milliseconds since 1970: when the phases begin. */
  startedAt: number;
  products: PoolProduct[];
}

export function setup(): Prepared {
  const products = loadProducts().filter(({ variants }) => variants.length > 0);
  return { products, startedAt: Date.now() };
}

/**
 * Visitors who know nothing of one another come in clusters and gaps, as in a Poisson process, and k6 sends in equal steps: each of
 * them waits for up to a second. In equal steps a replica is never asked two things at once, until it is asked too much.
 */
export function calm(prepared: Prepared): void {
  sleep(Math.random());
  browse(prepared);
}

/** What the proof's trials ask: half of the requests open a product, a third a shelf, the others search. */
export function browse({ startedAt }: Prepared): void {
  const { slug, product, shelf, search } = pick(questions);
  const dice = Math.random();
  const [path, content] = dice < 0.5 ? [product, `"slug":"${slug}"`] : [dice < 0.8 ? shelf : search, '{"items":[{"id":'];
  const tags = tagsAt(startedAt);
  const token = TOKENS[__VU % TOKENS.length];
  const { status, body, headers, timings } = http.get(`${TARGET}${path}`, {
    headers: { 'x-experiment': EXPERIMENT, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    timeout: '10s',
  });
  if (status === 200 && typeof body === 'string' && body.includes(content)) return accepted.add(timings.duration, tags);
  if (status !== 503 || headers['Retry-After'] === undefined) return broken.add(1, tags);
  refused.add(timings.duration, tags);
  if (headers['X-Served-By'] !== 'edge') refusedByReplica.add(1, tags);
}

/** Somebody buys one piece; refused for overload, their client sends the order again as it was told to. */
export function order({ startedAt, products }: Prepared): void {
  const { sku } = pick(pick(products).variants);
  const headers = {
    authorization: `Bearer ${TOKENS[__VU % TOKENS.length]}`,
    'idempotency-key': `"${crypto.randomUUID()}"`,
  };
  const tags = tagsAt(startedAt);
  const began = Date.now();
  const body = { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' };
  const { status } = ask('/v1/orders', { method: 'POST', name: 'POST /v1/orders', headers, body, attempts: 3 });
  ordered.add(status === 201, tags);
  orderTime.add(Date.now() - began, tags);
}

/** In which second this is, from the first one on, and in which phase. */
function tagsAt(startedAt: number): Record<string, string> {
  const second = Math.floor((Date.now() - startedAt) / 1000);
  const phase = second < PHASES.during.start ? 'before' : second < PHASES.after.start ? 'during' : 'after';
  return { phase, second: String(second) };
}

export function handleSummary(data: unknown): Record<string, string> {
  return { [__ENV['SUMMARY'] ?? 'stdout']: JSON.stringify(data) };
}
