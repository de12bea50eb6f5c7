import { describe, expect, it } from 'vitest';
import { searchCapacity } from './search.ts';

/** A system that keeps up until `limit` requests a second. */
function system(limit: number) {
  const asked: number[] = [];
  return {
    asked,
    attempt: (rate: number) => {
      asked.push(rate);
      return Promise.resolve({ passed: rate <= limit, evidence: `at ${rate}` });
    },
  };
}

describe('searchCapacity', () => {
  it.each([100, 97, 104, 61, 180, 400])('finds %d from a guess of 100, to two per cent', async (limit) => {
    const { attempt } = system(limit);
    const found = await searchCapacity(attempt, { guess: 100, precision: 0.02, most: 24 });
    expect(found?.rate).toBeLessThanOrEqual(limit);
    expect(found?.rate).toBeGreaterThan(limit / 1.02);
    expect(found?.failed).toBeGreaterThan(limit);
    expect(found?.evidence).toBe(`at ${found?.rate}`);
  });

  it('needs few attempts near the guess', async () => {
    const { attempt, asked } = system(101);
    await searchCapacity(attempt, { guess: 100, precision: 0.02, most: 12 });
    expect(new Set(asked).size).toBeLessThanOrEqual(6);
    expect(Math.max(...asked)).toBeLessThan(108);
  });

  it('does not believe what failed once, before a rate below it passed', async () => {
    const { attempt, asked } = system(115);
    const atFirst = (rate: number) => (asked.length < 4 ? attempt(rate).then((result) => ({ ...result, passed: false })) : attempt(rate));
    const found = await searchCapacity(atFirst, { guess: 100, precision: 0.02, most: 30 });
    expect(asked.slice(0, 4).every((rate) => rate < 100)).toBe(true);
    expect(found?.rate).toBeGreaterThan(115 / 1.02);
    expect(found?.failed).toBeGreaterThan(115);
  });

  it('does not believe one attempt that failed', async () => {
    const { attempt, asked } = system(99.9);
    const once = (rate: number) => attempt(rate).then((result) => ({ ...result, passed: result.passed && asked.length !== 1 }));
    const found = await searchCapacity(once, { guess: 100, precision: 0.05, most: 12 });
    expect(found).toMatchObject({ rate: 99.3, failed: 103.8, attempts: 5 });
  });

  it('goes on in small steps from a rate that did not fail after all', async () => {
    const { attempt, asked } = system(96);
    // 95 and, after 87.2 has passed, 91.1 fail by chance, each twice.
    const unlucky = (rate: number) =>
      attempt(rate).then((result) => ({ ...result, passed: result.passed && ![1, 2, 4, 5].includes(asked.length) }));
    const found = await searchCapacity(unlucky, { guess: 100, precision: 0.04, most: 20 });
    expect(asked.slice(0, 7)).toEqual([95, 95, 87.2, 91.1, 91.1, 89.2, 91.1]);
    expect(asked[7]).toBeLessThan(91.1 * 1.046);
    expect(found?.rate).toBeGreaterThan(96 / 1.04);
  });

  it('tries the rate that its result rests on again, even when there have been enough attempts', async () => {
    const { attempt, asked } = system(98);
    // 95 fails by chance, twice; 87.2 and 91.1 pass.
    const unlucky = (rate: number) => attempt(rate).then((result) => ({ ...result, passed: result.passed && asked.length > 2 }));
    const found = await searchCapacity(unlucky, { guess: 100, precision: 0.05, most: 4 });
    expect(asked).toEqual([95, 95, 87.2, 91.1, 95]);
    expect(found).toMatchObject({ rate: 95, failed: undefined });
  });

  it('gives up after the most attempts, with what it has', async () => {
    const { attempt, asked } = system(1e9);
    expect(await searchCapacity(attempt, { guess: 100, precision: 0.02, most: 3 })).toMatchObject({ failed: undefined, attempts: 3 });
    expect(asked).toHaveLength(3);
  });

  it('has no answer when nothing passes', async () => {
    expect(await searchCapacity(system(0).attempt, { guess: 100, precision: 0.02, most: 5 })).toBeUndefined();
  });
});
