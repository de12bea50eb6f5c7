import { describe, expect, it } from 'vitest';
import { drainUnderKeepAlive, replicasFailInTurn, scaleUpAndDown, withoutCache, withoutDatabaseReplicas } from './scenarios.ts';
import { subject } from './subject.ts';

const target = subject();
const rounds = Array.from({ length: 5 }, (_, index) => index + 1);

describe.each(rounds)('round %i', () => {
  it('replicas crash, are ended by others and hang', async () => {
    expect(await replicasFailInTurn(target)).toEqual([]);
  });
  it('up to ten replicas and back to two', async () => {
    expect(await scaleUpAndDown(target, 8000)).toEqual([]);
  });
  it('drains and reloads under keep-alive', async () => {
    expect(await drainUnderKeepAlive(target, 60)).toEqual([]);
  });
  it('without redis-cache', async () => {
    expect(await withoutCache(target, 20_000)).toEqual([]);
  });
  it('without database replicas', async () => {
    expect(await withoutDatabaseReplicas(target, 20_000)).toEqual([]);
  });
});
