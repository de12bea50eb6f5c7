import { describe, expect, it } from 'vitest';
import { UsageError } from '../run/errors.ts';
import { parseInvocation } from './arguments.ts';

describe('parseInvocation', () => {
  it('needs nothing', () => {
    expect(parseInvocation([])).toMatchObject({ on: 'local', quick: false, counts: undefined, rounds: undefined });
    expect(parseInvocation([])?.seed).toBeGreaterThan(1);
    expect(parseInvocation(['--help'])).toBeUndefined();
  });

  it('measures without work where that is asked for', () => {
    expect(parseInvocation([])?.bare).toBe(false);
    expect(parseInvocation(['--bare'])?.bare).toBe(true);
  });

  it('understands every option', () => {
    expect(
      parseInvocation([
        '--quick',
        '--replicas',
        '4,1,2,2',
        '--rounds',
        '2',
        '--seed',
        '9',
        '--out',
        'x',
        '--on',
        'local',
        '--control',
        'half-quota',
        '--mix',
        'hot-sku',
      ]),
    ).toMatchObject({
      quick: true,
      counts: [1, 2, 4],
      rounds: 2,
      seed: 9,
      out: 'x',
      control: 'half-quota',
      mix: 'hot-sku',
    });
  });

  it('compares ways of balancing when asked to', () => {
    expect(parseInvocation([])).toMatchObject({ algorithms: false });
    expect(parseInvocation(['--algorithms', '--quick'])).toMatchObject({ algorithms: true, quick: true });
  });

  it.each([
    ['--algorithms=ip_hash'],
    ['--replicas', '2,4'],
    ['--replicas', '1,x'],
    ['--rounds', '0'],
    ['--on', 'moon'],
    ['--control', 'luck'],
    ['--mix', 'drinks'],
    ['--algorithms', '--overload'],
    ['--autoscale', '--control', 'half-quota'],
    ['--vertical', '--tier', 'postgres-replica=1,2'],
    ['--tier', 'postgres-replica=1,2', '--control', 'half-quota'],
    ['--tier', 'postgres-replica=1,2', '--replicas', '1,3'],
    ['--overload', '--mix', 'write'],
    ['--autoscale', '--replicas', '1,2'],
    ['--from', 'proof.json', '--quick'],
    ['--quick', '--brief'],
    ['--fast'],
    ['extra'],
  ])('refuses %j', (...argv) => {
    expect(() => parseInvocation(argv)).toThrow(UsageError);
  });
});
