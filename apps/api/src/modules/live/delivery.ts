import { isAfter, type LiveEntry, type LiveHistory } from '@tenfold/queue';
import { orderFrame } from './frames.ts';
import type { LiveMetrics } from './metrics.ts';
import type { Registry, Stream } from './registry.ts';

/** Bytes that a peer may leave untaken: the longest history four times over. */
const MAX_BUFFERED = 256 * 1024;
/** Histories read at once: after a gap, or when another replica's streams come here, there are thousands to read. */
const READERS = 50;

/** Takes a user's events after a position, or what there is to say instead. */
export type ReadHistory = (userId: string, after: string | undefined) => Promise<LiveHistory>;

/** Each stream hears its user's events after its position, in order and each once, wherever they come from. */
export function createDelivery(registry: Registry, history: ReadHistory, { sent, resets }: Pick<LiveMetrics, 'sent' | 'resets'>) {
  const deliver = (stream: Stream, entry: LiveEntry) => {
    if (!registry.has(stream) || (stream.position !== undefined && !isAfter(entry.id, stream.position))) return;
    stream.wire.send(orderFrame(entry));
    stream.position = entry.id;
    sent.inc();
    if (stream.wire.buffered > MAX_BUFFERED) registry.end(stream, 'slow_consumer');
  };

  const greet = (stream: Stream, { outcome, position }: LiveHistory) => {
    if (outcome === 'reset') resets.inc();
    if (outcome === 'reset' || !stream.greeted) stream.wire.send({ id: position, event: outcome, data: {} });
    stream.greeted = true;
    stream.position = position;
  };

  /** Reads what a stream has not had, while what comes in waits behind it. */
  const readPast = async (stream: Stream) => {
    if (!registry.has(stream)) return;
    const backlog: LiveEntry[] = [];
    stream.backlog = backlog;
    // Another gap may come meanwhile: then its catch-up goes on from the same position.
    const isCurrent = () => stream.backlog === backlog && registry.has(stream);
    try {
      const past = await history(stream.claims.sub, stream.position);
      if (!isCurrent()) return;
      greet(stream, past);
      for (const entry of [...past.entries, ...backlog]) deliver(stream, entry);
      stream.backlog = undefined;
    } catch {
      if (isCurrent()) registry.end(stream, 'unavailable');
    }
  };

  const behind: Stream[] = [];
  let readers = 0;
  const readOn = async () => {
    readers += 1;
    for (let stream = behind.shift(); stream; stream = behind.shift()) await readPast(stream);
    readers -= 1;
  };

  return {
    /** Tells streams what they have not had, in their turn. What comes before that is in their histories too. */
    catchUp(streams: Iterable<Stream>) {
      for (const stream of streams) {
        stream.backlog = [];
        behind.push(stream);
      }
      for (let more = Math.min(READERS - readers, behind.length); more > 0; more -= 1) void readOn();
    },

    event(userId: string, entry: LiveEntry) {
      for (const stream of registry.of(userId)) {
        if (stream.backlog) stream.backlog.push(entry);
        else deliver(stream, entry);
      }
    },
  };
}
