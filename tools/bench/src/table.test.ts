import { describe, expect, it } from 'vitest';
import { median, table } from './table.ts';

describe('median', () => {
  it('is the middle, or between the two of the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7]);
  });
});

describe('table', () => {
  it('says of each goal whether it was met', () => {
    const text = table([
      { name: 'slow', goal: 2, costs: [10, 30, 20], ratios: [2, 3, 2.5] },
      { name: 'fast', goal: 2, costs: [10], ratios: [2] },
      { name: 'reference', goal: undefined, costs: [10], ratios: [9] },
    ]);
    expect(text).toMatch(/slow +20 µs +2.50x +2.00 to 3.00 +2x missed\n/);
    expect(text).toMatch(/fast +10 µs +2.00x +2.00 to 2.00 +2x met\n/);
    expect(text).toMatch(/reference +10 µs +9.00x +9.00 to 9.00\n/);
  });
});
