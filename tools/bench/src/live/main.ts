/** `npm run bench:live`: what an open live stream costs a replica in memory, and how long one event takes to each of thousands. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createAccessTokens, openKeyRing, rotateKeys } from '@tenfold/auth';
import { startTestStores, type StoreFacts } from '@tenfold/local/testing';
import { appendLive, createProducerRedis } from '@tenfold/queue';
import { createLogger } from '@tenfold/runtime';
import { freePort, startApi } from '../servers.ts';
import { connect, type Connection, type Wire } from './clients.ts';

const logger = createLogger({ name: 'bench', level: 'warn' });
/** As many as a relay takes at once. */
const BATCH = 100;
/** Milliseconds within which every stream has to have heard its event. */
const DELIVERY = 30_000;

const { values } = parseArgs({ options: { streams: { type: 'string', default: '5000' }, 'at-once': { type: 'string', default: '50' } } });
const count = wholeNumber('streams');
/** Streams that open at the same time: the replica checks a signature for each. Many are what it sees when another one has died. */
const atOnce = wholeNumber('at-once');

const folder = await mkdtemp(join(tmpdir(), 'tenfold-bench-'));
const stores = await startTestStores({ replicas: 0 });
try {
  await rotateKeys(folder, 600_000);
  for (const wire of ['websocket', 'sse'] as const) process.stdout.write(await measure(stores.facts, wire));
} finally {
  await stores.close();
  await rm(folder, { recursive: true });
}

function wholeNumber(name: keyof typeof values): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1) {
    process.stderr.write(`--${name} ${values[name]}: give a whole number of 1 or more\n`);
    process.exit(1);
  }
  return number;
}

async function measure(facts: StoreFacts, wire: Wire): Promise<string> {
  const metricsPort = await freePort();
  const api = await startApi(facts, folder, { METRICS_PORT: String(metricsPort), LIVE_MAX_STREAMS: String(count) });
  const redis = createProducerRedis(facts.redis.state.url, 'bench', logger);
  const connections: Connection[] = [];
  try {
    const issue = await tokens();
    const users = Array.from({ length: count }, () => randomUUID());
    await open(api.url, wire, users.slice(0, 1), issue).then(([first]) => first?.close()); // what the first one loads counts for none
    await wait(3000);
    const before = await resident(metricsPort);
    const opening = performance.now();
    connections.push(...(await open(api.url, wire, users, issue)));
    const opened = performance.now() - opening;
    await wait(10_000); // for garbage of the openings to go
    const idle = await cpuOver(api, 5000);
    const after = await resident(metricsPort);
    const times = await deliver(redis, users, connections);
    return (
      `${wire}: ${count} streams opened in ${(opened / 1000).toFixed(1)} s; ${((after - before) / count / 1024).toFixed(1)} KiB resident each ` +
      `(${mib(before)} before, ${mib(after)} with them); idle ${(idle * 100).toFixed(1)}% of a core; ` +
      `one event to each in ${times.all.toFixed(0)} ms, ${times.p50.toFixed(0)} ms at the median and ${times.p99.toFixed(0)} ms at p99 after its XADD was sent\n`
    );
  } finally {
    for (const connection of connections) connection.close();
    redis.disconnect();
    await api.stop();
  }
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

async function tokens() {
  const keys = await openKeyRing(folder, logger);
  const access = createAccessTokens({ keys, issuer: 'tenfold', audience: 'tenfold-api', lifetime: 600, cacheSize: 100 });
  keys.close();
  return (sub: string) => access.issue({ sub, sid: randomUUID(), role: 'customer', ver: 1 });
}

async function open(url: string, wire: Wire, users: readonly string[], issue: (sub: string) => string): Promise<Connection[]> {
  const opened: Connection[] = [];
  for (let from = 0; from < users.length; from += atOnce) {
    const some = users.slice(from, from + atOnce).map((user) => connect(wire, `${url}/v1/live`, issue(user)));
    opened.push(...(await Promise.all(some)));
  }
  return opened;
}

/** One event for each user, as the relay publishes them. */
async function deliver(redis: Parameters<typeof appendLive>[0], users: readonly string[], connections: readonly Connection[]) {
  const sentAt = new Map<string, number>();
  const began = performance.now();
  const heard = allWithin(
    DELIVERY,
    connections.map((connection) => connection.event),
  );
  for (let from = 0; from < users.length; from += BATCH) {
    const rows = users.slice(from, from + BATCH).map((userId) => event(userId));
    for (const { userId } of rows) sentAt.set(userId, performance.now());
    await appendLive(redis, rows);
  }
  const times = (await heard).map((at, index) => at - (sentAt.get(users[index] ?? '') ?? NaN)).toSorted((a, b) => a - b);
  const at = (part: number) => times[Math.floor(part * times.length)] ?? NaN;
  return { all: performance.now() - began, p50: at(0.5), p99: at(0.99) };
}

/** @throws when one of them fails, or is not there in time. */
function allWithin<T>(milliseconds: number, promises: readonly Promise<T>[]): Promise<T[]> {
  let there = 0;
  for (const promise of promises) void promise.then(() => (there += 1)).catch(() => undefined);
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new Error(`${promises.length - there} of ${promises.length} streams heard nothing in ${milliseconds / 1000} s`));
    const timer = setTimeout(late, milliseconds);
    Promise.all(promises)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

function event(userId: string) {
  const payload = { userId, orderId: randomUUID() };
  const id = `019b7654-8c00-7abc-8def-${randomBytes(6).toString('hex')}`;
  return { userId, id, topic: 'order.paid', payload, pending: ['live'], createdAt: new Date().toISOString() };
}

async function resident(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5000) })).text();
  return Number(/^process_resident_memory_bytes.* (\d+)$/m.exec(text)?.[1]);
}

/** The share of a core that a server uses while nothing happens. @param duration milliseconds. */
async function cpuOver(server: { cpu(): Promise<number> }, duration: number): Promise<number> {
  const before = await server.cpu();
  await wait(duration);
  return ((await server.cpu()) - before) / 1000 / duration;
}
