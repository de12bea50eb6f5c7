import { me, post, refresh, register, tokensIn, untilRefused } from '@tenfold/cluster/testing';
import { describe, expect, it } from 'vitest';
import { guessPasswords, revokeThroughOne, rotateUnderLoad, wipeRedisState } from './identity-scenarios.ts';
import { doors, everyReplicaSays, measureFor, subject, tell } from './subject.ts';

const target = subject();

/** A second try for claims of time: one hiccup of the machine must not decide them. */
const TIMED = { retry: 2 };

/** Signed in at the beginning of the file: what matters about it is that it was refreshed more than ten seconds ago. */
const early = register(target).then(async ({ tokens }) => ({
  first: tokens,
  second: tokensIn(await refresh(target.url, tokens)),
  at: Date.now(),
}));

describe('a session that ends', () => {
  it('is refused by the other replicas within a second without redis-state', TIMED, async () => {
    await target.cluster.stopService('redis-state', () => undefined);
    try {
      const took = await revokeThroughOne(target);
      tell(`without redis-state a token revoked through api-1 was refused by all others ${took.toFixed(0)} ms later`);
      expect(took).toBeLessThan(1000);
    } finally {
      await target.cluster.startService('redis-state', () => undefined);
      await everyReplicaSays(target, ({ redisState }) => redisState === 'ok', 'redis-state was not used');
    }
  });

  it('stays ended when redis-state is wiped, and nobody else is signed out', async () => {
    const [gone, stays] = await Promise.all([register(target), register(target)]);
    const all = await doors(target);
    await post(target.url, '/v1/auth/logout', {}, gone.tokens.accessToken);
    await Promise.all(all.map((at) => untilRefused(at, gone.tokens, 5000)));
    await wipeRedisState(target);
    for (const at of all) {
      expect([(await me(at, gone.tokens)).code, (await me(at, stays.tokens)).status]).toEqual(['token_revoked', 200]);
      expect((await refresh(at, gone.tokens)).code).toBe('refresh_token_revoked');
    }
    expect((await refresh(target.url, stays.tokens)).status).toBe(200);
  });
});

describe('guessing passwords', () => {
  it('ends at the eleventh, whichever replica is asked', async () => {
    const person = await register(target);
    const counts = await guessPasswords(target, person, 36);
    expect(counts.reduce((sum, count) => sum + (count[401] ?? 0), 0)).toBe(10);
    expect(counts.reduce((sum, count) => sum + (count[429] ?? 0), 0)).toBe(26);
    for (const count of counts) expect(count[429]).toBeGreaterThanOrEqual(8);
  });
});

describe('signing keys', () => {
  it('rotate under load without one 401', async () => {
    expect(await rotateUnderLoad(target, 1)).toEqual([]);
  });
});

describe('a used refresh token', () => {
  it('that comes back after more than ten seconds is refused, and ends its session everywhere', async () => {
    const { first, second, at } = await early;
    await measureFor(Math.max(0, at + 10_500 - Date.now()));
    expect((await refresh(target.url, first)).code).toBe('refresh_token_reused');
    expect((await refresh(target.url, second)).code).toBe('refresh_token_revoked');
    for (const replica of await doors(target)) expect(await untilRefused(replica, second, 5000)).toBe('token_revoked');
  });
});
