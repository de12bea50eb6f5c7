import { register } from '@tenfold/cluster/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guessPasswords, loginStorm, revokeThroughOne, rotateUnderLoad, timeRefusals } from './identity-scenarios.ts';
import { everyReplicaSays, median, percent, subject, tell } from './subject.ts';

const target = subject();

async function revokeAgainAndAgain(what: string) {
  const times: number[] = [];
  for (let round = 0; round < 20; round += 1) times.push(await revokeThroughOne(target));
  tell(`${what}: refused by all others after ${median(times).toFixed(0)} ms (median), ${Math.max(...times).toFixed(0)} ms (slowest of 20)`);
  return Math.max(...times);
}

describe('three replicas', () => {
  it('refuse a revoked token within a second, with and without redis-state', async () => {
    expect(await revokeAgainAndAgain('a revoked token')).toBeLessThan(1000);
    await target.cluster.stopService('redis-state', () => undefined);
    try {
      expect(await revokeAgainAndAgain('a revoked token, without redis-state')).toBeLessThan(1000);
    } finally {
      await target.cluster.startService('redis-state', () => undefined);
      await everyReplicaSays(target, ({ redisState }) => redisState === 'ok', 'redis-state was not used');
    }
  });

  it('answer wrong passwords of known and of unknown people in the same time', async () => {
    const { known, unknown } = await timeRefusals(target, 100);
    const [a, b] = [median(known), median(unknown)];
    tell(`wrong password, median of 100: known ${a.toFixed(1)} ms, unknown ${b.toFixed(1)} ms, ${percent(Math.abs(a - b) / a)} apart`);
    expect(Math.abs(a - b) / a).toBeLessThan(0.2);
  });

  it('rotate keys under load without one 401', async () => {
    expect(await rotateUnderLoad(target, 5)).toEqual([]);
  });

  it.each([20, 100])('serve cached reads while %i people a second sign in', async (logins) => {
    const { quiet, stormy, signIns } = await loginStorm(target, { reads: 200, logins, seconds: 15 });
    expect([quiet.examples, stormy.examples, signIns.examples]).toEqual([[], [], []]);
  });
});

describe('ten replicas', () => {
  beforeAll(() => target.cluster.scale('api', 10, () => undefined));
  afterAll(() => target.cluster.scale('api', 3, () => undefined));

  it('count wrong passwords together: the eleventh is refused by each of them', async () => {
    const counts = await guessPasswords(target, await register(target), 100);
    tell(`100 wrong passwords over ten replicas: ${JSON.stringify(counts)}`);
    expect(counts.map((count) => count[401])).toEqual(counts.map(() => 1));
    expect(counts.map((count) => count[429])).toEqual(counts.map(() => 9));
  });

  it('refuse a revoked token within a second', async () => {
    expect(await revokeAgainAndAgain('a revoked token, of ten replicas')).toBeLessThan(1000);
  });
});
