import http, { type Agent } from 'node:http';
import https from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds after which a request counts as failed: longer than the edge takes for all its tries. */
const TIME_OUT = 10_000;
/** Failures of which the report keeps the circumstances. */
const EXAMPLES = 20;

interface Target {
  /** Where the next request goes. */
  url: () => string;
  /** Default: GET. */
  method?: 'GET' | 'POST';
  /** What a POST carries, as JSON. Default: an empty object. */
  body?: () => string;
  /** Sent with each request: who asks, for example. */
  headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Which answers are right. Default: 200. */
  isExpected?: (status: number) => boolean;
}

export interface Report {
  sent: number;
  /** By kind: `503 overloaded of api-2`, `ECONNRESET of nobody`, `time-out of nobody`, … */
  failures: Record<string, number>;
  failed: number;
  examples: { kind: string; after: number; url: string; servedBy: string }[];
  /** Milliseconds from the moment that the request should have been sent at, so that a queue in here counts too. */
  latency: { p50: number; p95: number; p99: number; max: number };
  /** Answers by replica, from X-Served-By. */
  servedBy: Record<string, number>;
  /** How long the load ran, in seconds. */
  seconds: number;
}

export interface Load {
  /** How many requests have been answered or have failed since the last report. */
  sent(): number;
  /** What has happened so far; the counters start again. */
  report(): Report;
  /** Sends no more, waits for what is under way, and reports. */
  stop(): Promise<Report>;
}

/**
 * Open loop: `rate` requests a second, whether or not earlier ones have been answered, over connections that are kept
 * alive. A slow server meets the same load as a fast one, and its latencies are not flattered (coordinated omission).
 */
export function startLoad(target: Target & { rate: number }): Load {
  const agent = new (protocolOf(target.url()).Agent)({ keepAlive: true, maxFreeSockets: 256, scheduling: 'fifo' });
  const tally = createTally();
  const underWay = new Set<Promise<void>>();
  let stopped = false;
  const isOn = () => !stopped;
  const send = (intended: number) => {
    const one = ask(target, agent, tally, intended).finally(() => underWay.delete(one));
    underWay.add(one);
  };
  const pace = async () => {
    const began = performance.now();
    for (let sent = 0; isOn();) {
      const due = Math.floor(((performance.now() - began) * target.rate) / 1000) + 1; // the first one at once
      for (; sent < due; sent += 1) send(began + (sent * 1000) / target.rate);
      await wait(2);
    }
  };
  const pacing = pace();
  return {
    sent: () => tally.sent(),
    report: () => tally.report(),
    async stop() {
      stopped = true;
      await pacing;
      await Promise.all(underWay);
      agent.destroy();
      return tally.report();
    },
  };
}

/**
 * Closed loop: clients that each hold one connection, and send the next request a `pause` of milliseconds after the last
 * one was answered: the connection lies idle most of the time, which is when servers like to close it.
 */
export function startClients(target: Target & { clients: number; pause: number }): Load {
  const tally = createTally();
  let stopped = false;
  const isOn = () => !stopped;
  const client = async () => {
    const agent = new (protocolOf(target.url()).Agent)({ keepAlive: true, maxSockets: 1 });
    while (isOn()) {
      await ask(target, agent, tally, performance.now());
      await wait(target.pause);
    }
    agent.destroy();
  };
  const clients = Array.from({ length: target.clients }, client);
  return {
    sent: () => tally.sent(),
    report: () => tally.report(),
    async stop() {
      stopped = true;
      await Promise.all(clients);
      return tally.report();
    },
  };
}

/** The largest distance of a replica's share from an even one, as a part of that: 0.05 is 5%. @param names who should have a share. */
export function unevenness({ servedBy }: Pick<Report, 'servedBy'>, names: readonly string[]): number {
  const counts = names.map((name) => servedBy[name] ?? 0);
  const even = counts.reduce((sum, count) => sum + count, 0) / names.length;
  return Math.max(...counts.map((count) => Math.abs(count - even) / even));
}

type Tally = ReturnType<typeof createTally>;

async function ask(target: Target, agent: Agent, tally: Tally, intended: number): Promise<void> {
  const url = target.url();
  try {
    const { status, servedBy, code } = await exchange(url, target, agent);
    const right = target.isExpected ? target.isExpected(status) : status === 200;
    if (right) tally.succeeded(servedBy, intended);
    else tally.failed(`${status} ${code}`, url, servedBy);
  } catch (error) {
    const kind = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    tally.failed(kind, url, 'nobody');
  }
}

interface Answer {
  status: number;
  servedBy: string;
  /** Of a problem. */
  code: string;
}

/** Resolves once the whole answer is there: one that is cut off in the middle is a failure. */
function exchange(url: string, { method = 'GET', body = () => '{}', headers }: Target, agent: Agent): Promise<Answer> {
  const payload = method === 'POST' ? body() : undefined;
  return new Promise((resolve, reject) => {
    const described = payload !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
    const outgoing = protocolOf(url).request(
      url,
      { agent, method, headers: { ...(typeof headers === 'function' ? headers() : headers), ...described } },
      (response) => {
        const { statusCode: status = 0, headers: received } = response;
        let text = '';
        if (status >= 400) response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        else response.resume();
        response.on('error', reject);
        response.on('end', () => resolve({ status, servedBy: String(received['x-served-by'] ?? 'nobody'), code: codeIn(text) }));
      },
    );
    const timer = setTimeout(() => outgoing.destroy(Object.assign(new Error('time-out'), { code: 'time-out' })), TIME_OUT);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

function codeIn(problem: string): string {
  return /"code":"(\w+)"/.exec(problem)?.[1] ?? 'without a code';
}

function protocolOf(url: string): typeof http | typeof https {
  return url.startsWith('https:') ? https : http;
}

function createTally() {
  let began = performance.now();
  let latencies: number[] = [];
  let servedBy: Record<string, number> = {};
  let failures: Record<string, number> = {};
  let examples: Report['examples'] = [];
  return {
    succeeded(by: string, intended: number) {
      latencies.push(performance.now() - intended);
      servedBy[by] = (servedBy[by] ?? 0) + 1;
    },
    failed(kind: string, url: string, by: string) {
      const whose = `${kind} of ${by}`;
      failures[whose] = (failures[whose] ?? 0) + 1;
      if (examples.length < EXAMPLES) examples.push({ kind, after: Math.round(performance.now() - began), url, servedBy: by });
    },
    sent: () => latencies.length + totalOf(failures),
    report(): Report {
      const failed = totalOf(failures);
      const report = {
        sent: latencies.length + failed,
        failed,
        failures,
        examples,
        servedBy,
        latency: percentiles(latencies),
        seconds: (performance.now() - began) / 1000,
      };
      [began, latencies, servedBy, failures, examples] = [performance.now(), [], {}, {}, []];
      return report;
    },
  };
}

function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function percentiles(values: number[]): Report['latency'] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
