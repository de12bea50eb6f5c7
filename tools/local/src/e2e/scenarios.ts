import { isAlive, startOf } from '../process/identity.ts';
import { until } from '../process/until.ts';
import { type Report, startClients, startLoad, unevenness } from '../testing/load.ts';
import { everyReplicaSays, measureFor, productUrls, replica, seconds, servesAgain, type Subject, tell } from './subject.ts';

/** Requests a second. */
const RATE = 200;

/** Requests that failed, some of them where there are many: the claim is that there are none. */
type Lost = Report['examples'];

/** One replica crashes, another is told to end by somebody else, the third hangs: nobody who reads products notices. */
export async function replicasFailInTurn(target: Subject): Promise<Lost> {
  const load = startLoad({ rate: RATE, url: await productUrls(target) });
  const lost: Lost = [];
  const account = (what: string) => {
    const report = load.report();
    tell(what, report);
    lost.push(...report.examples);
    return report;
  };
  await measureFor(1000);
  account('undisturbed');
  for (const [name, signal] of [
    ['api-1', 'SIGKILL'],
    ['api-2', 'SIGTERM'],
  ] as const) {
    const { pid } = await replica(target, name);
    process.kill(pid, signal);
    const after = await servesAgain(target, name, pid);
    account(`${signal} to ${name}, serves again after ${seconds(after)}`);
  }
  const { pid } = await replica(target, 'api-3');
  process.kill(pid, 'SIGSTOP');
  const again = servesAgain(target, 'api-3', pid);
  await measureFor(6000);
  account('SIGSTOP to api-3, the first 6 s');
  await measureFor(3000);
  const { latency } = account('the next 3 s');
  account(`SIGSTOP to api-3, serves again after ${seconds(await again)}`);
  await load.stop();
  // A request that is sent to it takes the 3 s after which the edge tries another one.
  if (latency.max > 2900) throw new Error(`a replica that hangs was still sent to after 6 s: ${JSON.stringify(latency)}`);
  return lost;
}

/** Ten replicas, which share the work, and back to two, under load. @throws when one has nothing to do. */
export async function scaleUpAndDown(target: Subject, requests = 4000): Promise<Lost> {
  const up = await scaleUnderLoad(target, 10);
  const spread = await shareEvenly(target, requests);
  const down = await scaleUnderLoad(target, 2);
  await target.cluster.scale('api', 3, () => undefined);
  return [...up, ...spread, ...down];
}

async function scaleUnderLoad(target: Subject, count: number): Promise<Lost> {
  const reads = startLoad({ rate: RATE, url: await productUrls(target) });
  const writes = startLoad({ rate: RATE / 4, ...unrepeatable(target) });
  await measureFor(1000);
  const began = performance.now();
  await target.cluster.scale('api', count, () => undefined);
  const took = performance.now() - began;
  await measureFor(1000);
  const [read, written] = await Promise.all([reads.stop(), writes.stop()]);
  tell(`scale api=${count} took ${seconds(took)}, reads`, read);
  tell('POSTs', written);
  return [...read.examples, ...written.examples];
}

/** A request that the edge never sends twice, answered by a replica: what is lost on its way is lost. */
function unrepeatable({ url }: Subject) {
  return { method: 'POST', url: () => `${url}/v1/no-such-thing`, isExpected: (status: number) => status === 404 } as const;
}

async function shareEvenly(target: Subject, requests: number): Promise<Lost> {
  const names = (await target.cluster.status()).api.map(({ name }) => name);
  const load = startLoad({ rate: 2 * RATE, url: await productUrls(target) });
  await measureFor((requests / (2 * RATE)) * 1000);
  const report = await load.stop();
  const distance = unevenness(report, names);
  tell(`spread over ${names.length} replicas, at most ${(distance * 100).toFixed(1)}% from even`, report);
  if (distance > 0.2) throw new Error(`the replicas do not share the work: ${JSON.stringify(report.servedBy)}`);
  return report.examples;
}

/**
 * One replica gets SIGTERM from somebody else, then another is replaced by command, and the edge reloads all the while.
 * Twenty clients read and twenty send a POST that the edge never sends twice, over connections that lie idle most of the
 * time: a connection that is closed a moment too early is an error that they see.
 *
 * @throws when a replica takes 10 s to end, or `drain` leaves the process that it was to replace.
 */
export async function drainUnderKeepAlive(target: Subject, reloads = 20): Promise<Lost> {
  const readers = startClients({ clients: 20, pause: 20, url: await productUrls(target) });
  const writers = startClients({ clients: 20, pause: 20, ...unrepeatable(target) });
  await measureFor(1000);
  const reloading = reload(target, reloads);
  const { pid } = await replica(target, 'api-2');
  const doomed = { pid, started: startOf(pid) ?? '' };
  const began = performance.now();
  process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(doomed), { what: 'api-2 did not end', within: 10_000 });
  tell(`SIGTERM under keep-alive: api-2 ended after ${seconds(performance.now() - began)}`);
  await servesAgain(target, 'api-2', pid);
  await replaceByCommand(target, 'api-1');
  await reloading;
  const [reads, writes] = await Promise.all([readers.stop(), writers.stop()]);
  tell(`a SIGTERM, a drain and ${reloads} reloads of the edge, reads`, reads);
  tell('POSTs', writes);
  return [...reads.examples, ...writes.examples];
}

async function reload({ cluster }: Subject, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await cluster.reloadEdge();
}

async function replaceByCommand(target: Subject, name: string): Promise<void> {
  const { pid } = await replica(target, name);
  const began = performance.now();
  await target.cluster.drain(name, () => undefined);
  tell(`drain ${name} took ${seconds(performance.now() - began)}`);
  if ((await replica(target, name)).pid === pid) throw new Error(`${name} is the process that it was`);
}

/** redis-cache goes and comes back; reads go on from memory and from the database replicas. */
export async function withoutCache(target: Subject, duration = 2500): Promise<Lost> {
  const load = startLoad({ rate: RATE, url: await productUrls(target) });
  await measureFor(duration);
  tell('with redis-cache', load.report());
  await target.cluster.stopService('redis-cache', () => undefined);
  await measureFor(duration);
  const without = load.report();
  tell('without redis-cache', without);
  await target.cluster.startService('redis-cache', () => undefined);
  const began = performance.now();
  await everyReplicaSays(target, ({ redisCache }) => redisCache === 'ok', 'redis-cache was not used');
  tell(`redis-cache is in use again ${seconds(performance.now() - began)} after its return`);
  return [...without.examples, ...(await load.stop()).examples];
}

/** Every database replica goes and comes back; reads go on from the primary. */
export async function withoutDatabaseReplicas(target: Subject, duration = 2500): Promise<Lost> {
  const { replicas } = (await target.cluster.status()).postgres;
  const load = startLoad({ rate: RATE, url: await productUrls(target) });
  await Promise.all(replicas.map(({ name }) => target.cluster.stopService(name, () => undefined)));
  await measureFor(duration);
  const without = load.report();
  tell('without database replicas', without);
  await Promise.all(replicas.map(({ name }) => target.cluster.startService(name, () => undefined)));
  const began = performance.now();
  await everyReplicaSays(target, ({ readable }) => readable === replicas.length, 'the database replicas were not used');
  tell(`database replicas are in use again ${seconds(performance.now() - began)} after their return`);
  return [...without.examples, ...(await load.stop()).examples];
}
