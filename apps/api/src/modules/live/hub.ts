import type { AccessClaims, Revocations } from '@tenfold/auth';
import type { LiveFeed } from '@tenfold/queue';
import type { LifecycleState, Registry as MetricsRegistry } from '@tenfold/runtime';
import { withHeaders } from '../../plugins/problems.ts';
import { createDelivery } from './delivery.ts';
import { LiveDraining, LiveFull, LiveUnavailable, TooManyStreams } from './errors.ts';
import type { EndReason, Wire } from './frames.ts';
import { createLiveMetrics } from './metrics.ts';
import { createRegistry, type Stream } from './registry.ts';

/** Milliseconds between two looks at all streams: how late an ended session, an expired token or a drain may be noticed. */
const LOOK = 250;
/** Milliseconds of silence of redis-state after which streams end; a restart of it takes less. */
const PATIENCE = 5000;

interface HubOptions {
  feed: LiveFeed;
  revocations: Pick<Revocations, 'reasonAgainst'>;
  state: () => LifecycleState;
  metrics: MetricsRegistry;
  maxStreams: number;
  maxStreamsPerUser: number;
  /** Milliseconds between two signs of life. */
  heartbeat: number;
  /** Milliseconds over which a draining replica spreads its goodbyes. */
  farewell: number;
}

/** All live streams of this replica, from their opening to their end. */
export function createHub({ feed, revocations, state, metrics: target, ...options }: HubOptions) {
  const metrics = createLiveMetrics(target, () => registry.size());
  const registry = createRegistry(metrics);
  const delivery = createDelivery(registry, (userId, after) => feed.history(userId, after), metrics);

  const verdict = (claims: AccessClaims): EndReason | undefined => {
    const against = revocations.reasonAgainst(claims);
    if (against === 'revoked') return 'token_revoked';
    return against === 'outdated' || claims.exp * 1000 <= Date.now() ? 'token_expired' : undefined;
  };

  const beat = (stream: Stream, now: number) => {
    stream.beatAt = now + options.heartbeat;
    if (!stream.wire.beat() && registry.remove(stream, 'dead')) stream.wire.destroy();
  };

  const look = (now: number) => {
    const lost = feed.silence > PATIENCE ? 'unavailable' : undefined;
    const draining = state() === 'draining';
    for (const stream of registry.all()) {
      if (draining && stream.leaveAt === Infinity) stream.leaveAt = now + Math.random() * options.farewell;
      const over = lost ?? verdict(stream.claims) ?? (now >= stream.leaveAt ? 'draining' : undefined);
      if (over) registry.end(stream, over);
      else if (now >= stream.beatAt) beat(stream, now);
    }
  };

  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      timer = setInterval(() => look(performance.now()), LOOK);
      feed.listen({ event: (userId, entry) => delivery.event(userId, entry), gap: () => delivery.catchUp(registry.all()) });
    },

    /** @throws the problem to answer with when no stream may be opened here now. */
    checkRoom() {
      if (state() === 'draining') throw withHeaders(new LiveDraining(), { 'retry-after': '1' });
      if (!feed.up) throw withHeaders(new LiveUnavailable(), { 'retry-after': '1' });
      if (registry.size() >= options.maxStreams) throw withHeaders(new LiveFull(), { 'retry-after': '5' });
    },

    /** The same for one user. Of several who ask at the same moment, more than the last one may be let in. */
    checkRoomFor({ sub }: AccessClaims) {
      const mine = registry.sizeOf(sub);
      if (mine >= options.maxStreamsPerUser) throw new TooManyStreams(mine);
    },

    /** @param position after which to begin; without one, now. */
    open(kind: 'websocket' | 'sse', wire: Wire, claims: AccessClaims, position: string | undefined) {
      const beatAt = performance.now() + options.heartbeat;
      const stream: Stream = { claims, wire, position, greeted: false, backlog: [], beatAt, leaveAt: Infinity };
      registry.add(stream, kind);
      delivery.catchUp([stream]);
      return {
        end: (reason: EndReason) => registry.end(stream, reason),
        closed: () => void registry.remove(stream, 'client'),
      };
    },

    /** Ends what is still open. */
    close() {
      clearInterval(timer);
      feed.close();
      for (const stream of registry.all()) registry.end(stream, 'draining');
    },
  };
}
export type Hub = ReturnType<typeof createHub>;
