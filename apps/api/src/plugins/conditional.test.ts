import { describe, expect, it } from 'vitest';
import { matches, matchesVersion } from './conditional.ts';

describe('matches', () => {
  it.each(['"12-ab"', 'W/"12-ab"', '"1", W/"12-ab"', '*'])('says yes to %s', (header) => {
    expect(matches(header, '"12-ab"')).toBe(true);
  });

  it.each([undefined, '', '"12-cd"', '12-ab', '"12-ab'])('says no to %s', (header) => {
    expect(matches(header, '"12-ab"')).toBe(false);
  });
});

describe('matchesVersion', () => {
  it.each(['"12-ab"', '"12-cd"', 'W/"12-cd"', '"1-ab",W/"12-cd"', '*'])('says yes to %s', (header) => {
    expect(matchesVersion(header, '12')).toBe(true);
  });

  it.each(['', '"1-ab"', '"123-ab"', '"12"', '12-ab', '"ab-12-cd"'])('says no to %s', (header) => {
    expect(matchesVersion(header, '12')).toBe(false);
  });
});
