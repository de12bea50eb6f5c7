import { setTimeout as wait } from 'node:timers/promises';
import { covers, type Position } from '@tenfold/runtime';
import type { Fleet } from './fleet.ts';
import type { DatabaseNode } from './node.ts';

/** Who is primary, who is a replica, and how far each replica is behind: polled, since all of it may change at any moment. */
export interface Topology {
  readonly nodes: readonly DatabaseNode[];
  primary(): DatabaseNode | undefined;
  /** Replicas at most `maxLag` behind that have replayed `after`; the least busy first. */
  replicas(after?: Position): DatabaseNode[];
  /** Milliseconds by which a replica may be behind at most; Infinity when that isn't known. */
  lag(node: DatabaseNode): number;
  /** Asks all reachable replicas for their positions now, unless they were asked just before; takes `atMost` milliseconds. */
  refresh(atMost: number): Promise<void>;
  /** Looks for servers and asks all of them, those that are down too. */
  pollAll(): Promise<void>;
  close(): Promise<void>;
}

interface TopologyOptions {
  /** Milliseconds between two polls of a server. */
  pollInterval: number;
  /** Milliseconds by which a replica may be behind before it is left out. */
  maxLag: number;
}

interface Sample {
  position: Position;
  at: number;
}

/** Replicas are asked again at most this often (milliseconds), however many reads are waiting for one to catch up. */
const REFRESH_INTERVAL = 10;

export function createTopology(fleet: Fleet, { pollInterval, maxLag }: TopologyOptions): Topology {
  /** Where the primary was, newest first, back to the lag that matters. */
  let samples: Sample[] = [];
  const caughtUpAt = new WeakMap<DatabaseNode, number>();
  let refreshedAt = -Infinity;
  let refreshing: Promise<unknown> = Promise.resolve();
  let turn = 0;

  const primary = () =>
    fleet.nodes
      .filter((node) => node.state?.role === 'primary')
      .reduce<DatabaseNode | undefined>((best, node) => (best && timeline(best) >= timeline(node) ? best : node), undefined);

  const note = (node: DatabaseNode) => {
    const { state } = node;
    if (!state) return;
    if (state.role === 'primary') {
      if (node === primary() && samples[0]?.at !== state.at) samples = [state, ...samples.filter(({ at }) => state.at - at < maxLag * 2)];
      return;
    }
    // A replica that has replayed where the primary was at a time is behind by no more than the time since. Without a
    // primary nothing new is written: then having replayed all that came is being up to date.
    const seen = primary()
      ? samples.find((sample) => covers(state.position, sample.position))?.at
      : state.replayedAll
        ? state.at
        : undefined;
    if (seen !== undefined) caughtUpAt.set(node, Math.max(seen, caughtUpAt.get(node) ?? 0));
  };

  const poll = async (node: DatabaseNode) => {
    await node.poll();
    note(node);
  };

  const lag = (node: DatabaseNode) => performance.now() - (caughtUpAt.get(node) ?? -Infinity);

  const timer = setInterval(() => {
    for (const node of fleet.nodes) void poll(node);
  }, pollInterval);

  return {
    get nodes() {
      return fleet.nodes;
    },
    primary,
    lag,
    replicas(after) {
      const usable = fleet.nodes.filter(
        (node) => node.state?.role === 'replica' && (!after || covers(node.state.position, after)) && lag(node) <= maxLag,
      );
      // Where all are equally idle the sort keeps the order, so it starts at another one each time.
      turn = (turn + 1) % Math.max(usable.length, 1);
      return [...usable.slice(turn), ...usable.slice(0, turn)].sort((a, b) => a.inFlight - b.inFlight);
    },
    async refresh(atMost) {
      if (performance.now() - refreshedAt >= REFRESH_INTERVAL) {
        refreshedAt = performance.now();
        refreshing = Promise.all(fleet.nodes.filter(({ state }) => state?.role === 'replica').map(poll));
      }
      await Promise.race([refreshing, wait(atMost)]);
    },
    async pollAll() {
      await fleet.refresh();
      await Promise.all(fleet.nodes.map(poll));
    },
    async close() {
      clearInterval(timer);
      await fleet.close();
    },
  };
}

/** Two servers may both take themselves for the primary: the one of the higher timeline was promoted later. */
function timeline(node: DatabaseNode): string {
  return node.state?.position.slice(0, 8) ?? '';
}
