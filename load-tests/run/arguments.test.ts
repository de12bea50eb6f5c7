import { describe, expect, it } from 'vitest';
import { parseInvocation, parseSeconds } from './arguments.ts';
import { UsageError } from './errors.ts';

describe('parseInvocation', () => {
  it('needs no more than a scenario', () => {
    expect(parseInvocation(['smoke'])).toEqual({
      scenario: 'smoke',
      on: 'local',
      owned: undefined,
      rate: undefined,
      duration: undefined,
      journeys: [],
      out: undefined,
    });
    expect(parseInvocation(['--help'])).toBeUndefined();
  });

  it('understands every option', () => {
    const url = 'https://shop.example.com';
    const argv = [
      'soak',
      '--on',
      url,
      '--i-own-this-target',
      url,
      '--rate',
      '2.5',
      '--duration',
      '8h',
      '--journeys',
      'browse,search',
      '--out',
      'x',
    ];
    expect(parseInvocation(argv)).toEqual({
      scenario: 'soak',
      on: url,
      owned: url,
      rate: 2.5,
      duration: 28_800,
      journeys: ['browse', 'search'],
      out: 'x',
    });
  });

  it.each([
    [[]],
    [['sprint']],
    [['smoke', 'soak']],
    [['smoke', '--rate', '0']],
    [['smoke', '--on', 'moon']],
    [['smoke', '--fast']],
    [['smoke', '--journeys', 'browse,walk']],
  ])('refuses %j', (argv) => {
    expect(() => parseInvocation(argv)).toThrow(UsageError);
  });

  it('reads times', () => {
    expect([parseSeconds('30s'), parseSeconds('1.5m'), parseSeconds('45')]).toEqual([30, 90, 45]);
    for (const wrong of ['0s', '9h', 'soon', '5 m', '']) expect(() => parseSeconds(wrong)).toThrow(UsageError);
  });
});
