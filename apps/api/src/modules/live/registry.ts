import type { AccessClaims } from '@tenfold/auth';
import type { LiveEntry } from '@tenfold/queue';
import type { EndReason, Wire } from './frames.ts';
import type { LiveMetrics } from './metrics.ts';

export interface Stream {
  readonly claims: AccessClaims;
  readonly wire: Wire;
  /** The last position that the client knows, or wants to go on from. */
  position: string | undefined;
  greeted: boolean;
  /** What comes in while its history is read. */
  backlog: LiveEntry[] | undefined;
  /** When it gets its next sign of life, and when it has to go since the replica goes. */
  beatAt: number;
  leaveAt: number;
}

/** The streams that are open here, all together and by user. */
export function createRegistry({ opened, ended }: Pick<LiveMetrics, 'opened' | 'ended'>) {
  const streams = new Set<Stream>();
  const byUser = new Map<string, Set<Stream>>();

  const remove = (stream: Stream, reason: EndReason | 'client' | 'dead'): boolean => {
    if (!streams.delete(stream)) return false;
    const { sub } = stream.claims;
    const mine = byUser.get(sub);
    mine?.delete(stream);
    if (mine?.size === 0) byUser.delete(sub);
    ended.inc({ reason });
    return true;
  };

  return {
    all: () => streams.values(),
    of: (userId: string): Iterable<Stream> => byUser.get(userId) ?? [],
    has: (stream: Stream) => streams.has(stream),
    size: () => streams.size,
    sizeOf: (userId: string) => byUser.get(userId)?.size ?? 0,

    add(stream: Stream, wire: 'websocket' | 'sse') {
      const { sub } = stream.claims;
      streams.add(stream);
      byUser.set(sub, (byUser.get(sub) ?? new Set()).add(stream));
      opened.inc({ wire });
    },

    /** @returns whether it was still there. */
    remove,

    /** Ends a stream that this replica doesn't serve any longer. */
    end(stream: Stream, reason: EndReason) {
      if (remove(stream, reason)) stream.wire.end(reason, retryAfter(reason));
    },
  };
}
export type Registry = ReturnType<typeof createRegistry>;

/** Milliseconds, spread so that not all come back at once. What is draining is gone from one replica alone. */
function retryAfter(reason: EndReason): number {
  const [least, spread] = reason === 'unavailable' ? [1000, 4000] : [100, 900];
  return Math.round(least + Math.random() * spread);
}
