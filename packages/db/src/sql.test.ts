import { describe, expect, it } from 'vitest';
import { isoTimestamp, statementName } from './sql.ts';

describe('isoTimestamp', () => {
  it.each([
    ['2026-01-31 12:00:00+00', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31 12:00:00.25+00', '2026-01-31T12:00:00.250Z'],
    ['2026-01-31 12:00:00.123456+00', '2026-01-31T12:00:00.123Z'],
  ])('turns %s into %s', (text, expected) => {
    expect(isoTimestamp(text)).toBe(expected);
  });
});

describe('statementName', () => {
  it('is the same for the same text and fits an identifier', () => {
    expect(statementName('SELECT 1')).toBe(statementName('SELECT 1'));
    expect(statementName('SELECT 1')).not.toBe(statementName('SELECT 2'));
    expect(statementName('SELECT 1').length).toBeLessThan(64);
  });
});
