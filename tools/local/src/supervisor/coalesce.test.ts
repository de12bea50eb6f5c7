import { describe, expect, it } from 'vitest';
import { withLimit } from '../process/limit.ts';
import { coalesce } from './edge.ts';
import { createExclusive } from './exclusive.ts';

const nothing = () => undefined;

describe('coalesce', () => {
  it('answers calls that come meanwhile by one more run, which begins after they came', async () => {
    let runs = 0;
    const first = Promise.withResolvers<void>();
    const apply = coalesce(async () => {
      runs += 1;
      if (runs === 1) await first.promise;
    }, 1);
    const one = apply();
    await Promise.resolve();
    const later = [apply(), apply(), apply()];
    first.resolve();
    await Promise.all([one, ...later]);
    expect(runs).toBe(2);
  });

  it('goes on after a run that failed, and tells those who asked for it', async () => {
    let runs = 0;
    const apply = coalesce(async () => {
      runs += 1;
      if (runs === 1) throw new Error('refused');
    }, 1);
    await expect(apply()).rejects.toThrow('refused');
    await expect(apply()).resolves.toBeUndefined();
  });
});

it('createExclusive runs one thing at a time, in order, and says what is waited for', async () => {
  const exclusive = createExclusive();
  const order: string[] = [];
  const said: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = exclusive('scale api=10', nothing, async () => {
    await gate.promise;
    order.push('first');
    throw new Error('it failed');
  });
  await Promise.resolve();
  const second = exclusive(
    'drain api-1',
    (line) => said.push(line),
    async () => void order.push('second'),
  );
  gate.resolve();
  await expect(first).rejects.toThrow('it failed');
  await second;
  expect(order).toEqual(['first', 'second']);
  expect(said).toEqual(['waiting for scale api=10']);
});

it('withLimit keeps to its limit, and begins nothing more after a failure', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const work = async (item: number) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (item === 3) throw new Error('the third');
    done.push(item);
  };
  await expect(withLimit([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow('the third');
  expect(most).toBe(2);
  expect(done).toEqual([1, 2, 4]);
});
