import { createLogger, createMetrics, position, type Position } from '@tenfold/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Collection, Loaded } from './collection.ts';
import { createCache } from './create-cache.ts';
import { createMemoryRemote } from './remote.ts';

const at = (byte: number): Position => position(1, `0/${byte.toString(16)}`);
const MINUTE = 60_000;

/** A source whose value and position a test sets, and whose loads it may hold back. */
function createSource() {
  const source = {
    value: 'first',
    now: 1,
    loads: 0,
    fails: false,
    held: Promise.resolve(),
    async load(_key: string, after: Position | undefined): Promise<Loaded<string>> {
      source.loads += 1;
      const answer = { value: source.value, position: at(source.now), source: 'replica-1' };
      await source.held;
      if (source.fails) throw new Error('the source is gone');
      if (after && after > answer.position) return { value: source.value, position: at(source.now), source: 'primary' };
      return answer;
    },
  };
  return source;
}
type Source = ReturnType<typeof createSource>;

function createProcess(remote: ReturnType<typeof createMemoryRemote>, source: Source, maxBytes = 10_000): Collection<string> {
  const cache = createCache({ remote, logger: createLogger({ name: 'test', level: 'silent' }), metrics: createMetrics({}) });
  return cache.collection({
    name: 'thing',
    load: (key, after) => source.load(key, after),
    freshFor: 5 * MINUTE,
    staleFor: 10 * MINUTE,
    maxBytes,
  });
}

describe('cache', () => {
  let remote: ReturnType<typeof createMemoryRemote>;
  let source: Source;
  let here: Collection<string>;
  let there: Collection<string>;

  beforeEach(() => {
    vi.useFakeTimers();
    remote = createMemoryRemote();
    source = createSource();
    here = createProcess(remote, source);
    there = createProcess(remote, source);
  });
  afterEach(() => void vi.useRealTimers());

  it('answers from the source, then from this process, and another process from the shared tier', async () => {
    expect((await here.read('a')).status).toBe('tenfold-l2; fwd=miss; detail=replica-1, tenfold-l1; fwd=miss');
    expect((await here.read('a')).status).toBe('tenfold-l1; hit');
    expect((await there.read('a')).status).toBe('tenfold-l2; hit, tenfold-l1; fwd=miss');
    expect((await there.read('a')).status).toBe('tenfold-l1; hit');
    expect(source.loads).toBe(1);
  });

  it('loads once for all who wait for the same key', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => here.read('a')));
    expect(new Set(answers.map(({ value }) => value))).toEqual(new Set(['first']));
    expect(source.loads).toBe(1);
  });

  it('forgets everywhere what was invalidated', async () => {
    await Promise.all([here.read('a'), there.read('a')]);
    Object.assign(source, { value: 'second', now: 2 });
    await here.invalidate(['a'], at(2));
    expect((await there.read('a')).value).toBe('second');
    expect((await here.read('a')).value).toBe('second');
  });

  it('throws away a fill that began before an invalidation and ends after it', async () => {
    const gate = Promise.withResolvers<void>();
    source.held = gate.promise;
    const slow = there.read('a');
    await vi.advanceTimersByTimeAsync(0);
    await here.invalidate(['a'], at(2));
    Object.assign(source, { value: 'second', now: 2, held: Promise.resolve() });
    gate.resolve();
    await slow;
    expect((await there.read('a')).value).toBe('second');
    expect((await here.read('a')).value).toBe('second');
  });

  it('gives a reader with a position only what includes it', async () => {
    await here.read('a');
    Object.assign(source, { value: 'second', now: 5 });
    expect((await here.read('a', at(4))).value).toBe('second');
    expect((await here.read('a', at(5))).status).toBe('tenfold-l1; hit');
  });

  it('does not let a reader with a position join a load that may be too old', async () => {
    const gate = Promise.withResolvers<void>();
    source.held = gate.promise;
    const anyReader = here.read('a');
    await vi.advanceTimersByTimeAsync(0);
    Object.assign(source, { value: 'second', now: 5, held: Promise.resolve() });
    expect((await here.read('a', at(5))).value).toBe('second');
    gate.resolve();
    await anyReader;
  });

  it('loads anew once an entry is no longer fresh', async () => {
    await here.read('a');
    Object.assign(source, { value: 'second', now: 2 });
    await vi.advanceTimersByTimeAsync(4 * MINUTE);
    expect((await here.read('a')).value).toBe('first');
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect((await here.read('a')).value).toBe('second');
  });

  it('serves an old entry when the source fails, to a process without one too', async () => {
    await here.read('a');
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    source.fails = true;
    expect(await here.read('a')).toEqual({ value: 'first', status: 'tenfold-l1; hit; detail=stale' });
    expect((await there.read('a')).value).toBe('first');
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    await expect(here.read('a')).rejects.toThrow('the source is gone');
  });

  it('serves an old entry when the source takes long, and the new one once it is there', async () => {
    await here.read('a');
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    const gate = Promise.withResolvers<void>();
    Object.assign(source, { value: 'second', now: 2, held: gate.promise });
    const answer = here.read('a');
    await vi.advanceTimersByTimeAsync(300);
    expect((await answer).value).toBe('first');
    gate.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect((await here.read('a')).value).toBe('second');
  });

  it('forgets a whole collection everywhere, in the shared tier too', async () => {
    await Promise.all([here.read('a'), here.read('b'), there.read('a')]);
    Object.assign(source, { value: 'second', now: 2 });
    await there.invalidateAll(at(2));
    const third = createProcess(remote, source);
    expect(await Promise.all([here.read('a'), here.read('b'), there.read('a'), third.read('b')])).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ value: 'second' })),
    );
  });

  it('keeps what came along with something else', async () => {
    here.keep('a', { value: 'given', position: at(1), source: 'replica-1' });
    expect(await here.read('a')).toEqual({ value: 'given', status: 'tenfold-l1; hit' });
    await here.invalidate(['a'], at(3));
    here.keep('a', { value: 'given too late', position: at(2), source: 'replica-1' });
    expect((await here.read('a')).value).toBe('first');
  });

  it.each([
    ['next to nothing', 1, 250],
    ['much', 10_000, 20_000],
  ])('counts the memory that it takes, of values that say %s', async (_what, length, atLeast) => {
    const [keys, maxBytes] = [Array.from({ length: 1000 }, (_, index) => `made-up-${index}`), 200_000];
    const process = createProcess(remote, source, maxBytes);
    source.value = 'x'.repeat(length);
    for (const key of keys) await process.read(key);
    const kept = keys.filter((key) => process.peek(key)).length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(maxBytes / atLeast);
  });

  it('never serves an old entry that was invalidated', async () => {
    await here.read('a');
    await here.invalidate(['a'], at(2));
    source.fails = true;
    await expect(here.read('a')).rejects.toThrow('the source is gone');
  });

  it('trusts its own memory for two seconds only while announcements cannot arrive', async () => {
    await here.read('a');
    remote.lose();
    Object.assign(source, { value: 'second', now: 2 });
    expect((await here.read('a')).value).toBe('first');
    await vi.advanceTimersByTimeAsync(2100);
    expect((await here.read('a')).value).toBe('second');
  });

  it('tells the shared tier about invalidations that it missed, and asks again for what it stored meanwhile', async () => {
    await Promise.all([here.read('a'), there.read('a')]);
    remote.lose();
    Object.assign(source, { value: 'second', now: 2 });
    await here.invalidate(['a'], at(2));
    await vi.advanceTimersByTimeAsync(10);
    remote.restore();
    await vi.advanceTimersByTimeAsync(0);
    expect((await there.read('a')).value).toBe('second');
  });
});
