import type { LiveEntry, LiveHistory } from '@tenfold/queue';
import { createMetrics } from '@tenfold/runtime';
import { describe, expect, it } from 'vitest';
import { createDelivery } from './delivery.ts';
import type { Frame } from './frames.ts';
import { createLiveMetrics } from './metrics.ts';
import { createRegistry, type Stream } from './registry.ts';

const entry = (id: string): LiveEntry => ({ id, topic: 'order.paid', orderId: id, at: '2026-11-21T10:00:00Z', reason: undefined });
const ready = (position: string, ...ids: string[]): LiveHistory => ({ outcome: 'ready', position, entries: ids.map(entry) });

const settled = () => new Promise(setImmediate);

/** One stream of user `ada`, with histories that come when the test says so. */
function setUp(buffered = 0) {
  const frames: Frame[] = [];
  const ended: string[] = [];
  const asked: { after: string | undefined; answer: (history: LiveHistory) => void; fail: () => void }[] = [];
  const metrics = createLiveMetrics(createMetrics({}), () => 1);
  const registry = createRegistry(metrics);
  const history = (_userId: string, after: string | undefined) =>
    new Promise<LiveHistory>((answer, reject) => asked.push({ after, answer, fail: () => reject(new Error('redis-state is gone')) }));
  const delivery = createDelivery(registry, history, metrics);
  const stream: Stream = {
    claims: { sub: 'ada', sid: 's', role: 'customer', ver: 1, exp: 0 },
    wire: {
      send: (frame) => void frames.push(frame),
      beat: () => true,
      buffered,
      end: (reason) => void ended.push(reason),
      destroy: () => undefined,
    },
    position: undefined,
    greeted: false,
    backlog: [],
    beatAt: 0,
    leaveAt: Infinity,
  };
  registry.add(stream, 'sse');
  return { delivery, stream, asked, ended, seen: () => frames.map(({ id, event }) => (event === 'order.paid' ? id : `${event} ${id}`)) };
}

describe('delivery', () => {
  it('puts what comes while the history is read behind it, each entry once', async () => {
    const { delivery, stream, asked, seen } = setUp();
    delivery.catchUp([stream]);
    for (const id of ['9-0', '10-0', '10-1']) delivery.event('ada', entry(id));
    expect(seen()).toEqual([]);
    asked[0]?.answer(ready('8-0', '9-0', '10-0'));
    await settled();
    for (const id of ['10-1', '11-0']) delivery.event('ada', entry(id));
    delivery.event('bob', entry('12-0'));
    expect(seen()).toEqual(['ready 8-0', '9-0', '10-0', '10-1', '11-0']);
  });

  it('fills a gap from where the stream was, without another greeting', async () => {
    const { delivery, stream, asked, seen } = setUp();
    delivery.catchUp([stream]);
    asked[0]?.answer(ready('8-0', '9-0'));
    await settled();
    delivery.catchUp([stream]);
    delivery.event('ada', entry('12-0'));
    expect(asked[1]?.after).toBe('9-0');
    asked[1]?.answer(ready('9-0', '10-0', '11-0', '12-0'));
    await settled();
    expect(seen()).toEqual(['ready 8-0', '9-0', '10-0', '11-0', '12-0']);
  });

  it('lets a later gap win over a history that is still being read', async () => {
    const { delivery, stream, asked, seen } = setUp();
    delivery.catchUp([stream]);
    delivery.catchUp([stream]);
    delivery.event('ada', entry('10-0'));
    asked[0]?.answer(ready('8-0'));
    await settled();
    expect(seen()).toEqual([]);
    asked[1]?.answer({ outcome: 'reset', position: '9-0', entries: [] });
    await settled();
    expect(seen()).toEqual(['reset 9-0', '10-0']);
  });

  it('reads so many histories at once, however many streams are opened', async () => {
    const { delivery, stream, asked } = setUp();
    delivery.catchUp(Array.from({ length: 120 }, () => stream));
    expect(asked).toHaveLength(50);
    asked[7]?.answer(ready('8-0'));
    await settled();
    expect(asked).toHaveLength(51);
  });

  it('ends a stream whose history can not be read', async () => {
    const { delivery, stream, asked, ended, seen } = setUp();
    delivery.catchUp([stream]);
    asked[0]?.fail();
    await settled();
    delivery.event('ada', entry('10-0'));
    expect([ended, seen()]).toEqual([['unavailable'], []]);
  });

  it('ends a stream that leaves too much unread, after the entry that was too much', async () => {
    const { delivery, stream, asked, ended, seen } = setUp(256 * 1024 + 1);
    delivery.catchUp([stream]);
    asked[0]?.answer(ready('8-0', '9-0', '10-0'));
    await settled();
    expect([ended, seen()]).toEqual([['slow_consumer'], ['ready 8-0', '9-0']]);
  });
});
