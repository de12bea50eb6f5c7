import type { Progress } from '@tenfold/cluster';
import type { EdgeServer } from '@tenfold/nginx';
import { messageOf } from '../process/message-of.ts';
import { healthOf, type Replica } from './replica.ts';
import { shouldServe, TICK, toReplace } from './health.ts';

interface RoutingOptions {
  replicas: () => readonly Replica[];
  /** Makes the edge serve by {@link Routing.servers}; cheap when nothing has changed. */
  applyToEdge: () => Promise<void>;
  /** Says something that a person should find in the supervisor's log. */
  note: Progress;
}

/** Who of the API replicas gets requests. */
export interface Routing {
  /** Every replica, for the edge's list. */
  servers(): EdgeServer[];
  isServing(name: string): boolean;
  countServing(): number;
  /** Takes for granted that all serve, without telling the edge: it has yet to start. */
  assumeAll(): void;
  /** Takes replicas out, and resolves when the edge sends nothing more to them on new connections. */
  hold(replicas: readonly Replica[]): Promise<void>;
  /** Puts replicas in, and resolves when the edge sends to them. */
  release(replicas: readonly Replica[]): Promise<void>;
  /** Looks at their health now, for whoever learns that it changed. */
  refresh(): void;
  /** Looks at their health until the signal aborts, and kills what hangs: it is started again. */
  watch(signal: AbortSignal): void;
}

export function createRouting({ replicas, applyToEdge, note }: RoutingOptions): Routing {
  let serving = new Set<string>();
  let edgeIsStale = false;
  let isWatching = false;

  const decide = async () => {
    if (!isWatching) return; // while all start, all are in the list: who isn't up yet refuses
    const next = shouldServe(replicas().map(healthOf), serving);
    const out = [...serving].filter((name) => !next.has(name));
    const back = [...next].filter((name) => !serving.has(name));
    for (const name of out) note(`${name} is taken out of the edge`);
    for (const name of back) note(`${name} is put into the edge`);
    serving = next;
    if (out.length > 0 || back.length > 0) edgeIsStale = true;
    if (!edgeIsStale) return;
    await applyToEdge(); // when it throws, the next look tries again
    edgeIsStale = false;
  };
  const refresh = () => void decide().catch((error: unknown) => note(`the edge could not be told: ${messageOf(error)}`));
  const setHeld = async (some: readonly Replica[], held: boolean) => {
    for (const replica of some) replica.held = held;
    edgeIsStale = true;
    await decide();
  };

  return {
    servers: () => replicas().map(({ name, port }) => ({ address: `127.0.0.1:${port}`, state: serving.has(name) ? 'up' : 'down' })),
    isServing: (name) => serving.has(name),
    countServing: () => serving.size,
    assumeAll() {
      serving = new Set(replicas().map(({ name }) => name));
    },
    hold: (some) => setHeld(some, true),
    release: (some) => setHeld(some, false),
    refresh,
    watch(signal) {
      isWatching = true;
      const timer = setInterval(() => {
        for (const { service, probe } of replicas()) probe.tick(service.state === 'ready');
        replaceHung(replicas(), note);
        refresh();
      }, TICK);
      signal.addEventListener('abort', () => ((isWatching = false), clearInterval(timer)), { once: true });
    },
  };
}

/** Kills what hangs: it is started again. */
export function replaceHung(replicas: readonly Replica[], note: Progress): void {
  const hung = toReplace(replicas.map(healthOf));
  for (const { name, service } of replicas) {
    if (!hung.includes(name)) continue;
    note(`${name} has not answered for 10 s: replacing it`);
    service.kill();
  }
}
