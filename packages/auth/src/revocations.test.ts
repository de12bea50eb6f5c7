import { createLogger, createMetrics } from '@tenfold/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Revocation } from './revocation-stream.ts';
import { createRevocations, type Revocations } from './revocations.ts';

const session = (sessionId: string): Revocation => ({ kind: 'session', sessionId });
const claims = (sid: string) => ({ sub: 'user', sid, role: 'customer', ver: 1, exp: 0 }) as const;

describe('an announcement', () => {
  let tried: Revocation[];
  let refuses: boolean;
  let revocations: Revocations;

  beforeEach(async () => {
    vi.useFakeTimers();
    [tried, refuses] = [[], false];
    const empty = { query: async () => [] };
    revocations = createRevocations({
      db: { primary: empty, replica: () => empty },
      stream: {
        connected: true,
        heardAt: 0,
        async publish(revocation) {
          tried.push(revocation);
          if (refuses) throw new Error('the stream is gone');
        },
        listen: () => undefined,
        close: async () => undefined,
      },
      tokenLifetime: 600,
      logger: createLogger({ name: 'test', level: 'silent' }),
      metrics: createMetrics({}),
    });
    await revocations.start();
  });
  afterEach(async () => {
    await revocations.close();
    vi.useRealTimers();
  });

  it('is in force here at once, and told in its order', async () => {
    revocations.announce([session('a'), session('b')]);
    expect(revocations.reasonAgainst(claims('b'))).toBe('revoked');
    await vi.advanceTimersByTimeAsync(0);
    expect(tried).toEqual([session('a'), session('b')]);
  });

  it('that the stream refuses is in force here, and is not told again: the others read it from the database', async () => {
    refuses = true;
    for (let each = 0; each < 10; each += 1) revocations.announce([session(`a${each}`), session(`b${each}`)]);
    await vi.advanceTimersByTimeAsync(5000);
    refuses = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(tried).toHaveLength(10);
    expect(revocations.reasonAgainst(claims('b9'))).toBe('revoked');
  });
});
