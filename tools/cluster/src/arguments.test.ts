import { describe, expect, it } from 'vitest';
import { parseInvocation } from './arguments.ts';
import { UsageError } from './errors.ts';

const action = (...argv: string[]) => parseInvocation(argv).action;

describe('parseInvocation', () => {
  it('understands every command', () => {
    expect(action('status')).toEqual({ verb: 'status', json: false });
    expect(action('--on', 'local', 'status', '--json')).toEqual({ verb: 'status', json: true });
    expect(action('scale', 'api=10')).toEqual({ verb: 'scale', service: 'api', count: 10 });
    expect(action('scale', 'worker=0')).toEqual({ verb: 'scale', service: 'worker', count: 0 });
    expect(action('scale', 'postgres-replica=3')).toEqual({ verb: 'scale', service: 'postgres-replica', count: 3 });
    expect(action('kill', 'api-3')).toEqual({ verb: 'kill', name: 'api-3' });
    expect(action('stop')).toEqual({ verb: 'stop', name: undefined });
    expect(action('stop', 'redis-cache')).toEqual({ verb: 'stop', name: 'redis-cache' });
    expect(action('logs', 'api-3', '-f', '-n', '5')).toEqual({ verb: 'logs', name: 'api-3', follow: true, lines: 5 });
    expect(action('quota', 'api=5%')).toEqual({ verb: 'quota', name: 'api', share: 0.05 });
    expect(action('quota', 'api-3=2.5%')).toEqual({ verb: 'quota', name: 'api-3', share: 0.025 });
    expect(action('quota', 'edge=none')).toEqual({ verb: 'quota', name: 'edge', share: undefined });
    expect(action('balance', 'ip_hash')).toEqual({ verb: 'balance', by: 'ip_hash' });
    expect(action('balance', 'weighted', '2,1')).toEqual({ verb: 'balance', by: 'weighted', weights: [2, 1] });
    expect(action('renew', 'LOG_LEVEL=warn', 'JWT_ISSUER=a=b')).toEqual({
      verb: 'renew',
      settings: { LOG_LEVEL: 'warn', JWT_ISSUER: 'a=b' },
    });
    expect(action('serve', '3')).toEqual({ verb: 'serve', count: 3 });
    expect(action('serve', 'all')).toEqual({ verb: 'serve', count: undefined });
    expect(action('max-conns', '16')).toEqual({ verb: 'max-conns', count: 16 });
    expect(action('max-conns', 'default')).toEqual({ verb: 'max-conns', count: undefined });
    expect(action('balance', 'default')).toEqual({ verb: 'balance', by: undefined });
    expect(action('--on', 'compose', 'roll', 'api')).toEqual({ verb: 'roll' });
    expect(action('promote')).toEqual({ verb: 'promote' });
    expect(parseInvocation(['--on', 'compose', 'status']).on).toBe('compose');
    expect(action('usage')).toEqual({ verb: 'usage' });
    expect(action('credentials')).toEqual({ verb: 'credentials' });
    expect(action('kill', '--help')).toEqual({ verb: 'help' });
  });

  it.each([
    [[]],
    [['restart']],
    [['--on', 'swarm', 'status']],
    [['status', 'now']],
    [['kill']],
    [['kill', 'api-1', 'api-2']],
    [['kill', 'api-1', '--json']],
    [['roll', 'worker']],
    [['scale', 'api']],
    [['scale', 'api=ten']],
    [['scale', 'replica=3']],
    [['quota', 'api']],
    [['quota', 'api=5']],
    [['quota', 'api=-5%']],
    [['balance']],
    [['serve', '0']],
    [['max-conns', 'all']],
    [['max-conns', '65536']],
    [['renew', 'warn']],
    [['balance', 'weighted', '2:1']],
    [['logs', 'api-1', '-n', 'all']],
    [['status', '--verbose']],
  ])('refuses %j', (argv) => {
    expect(() => parseInvocation(argv)).toThrow(UsageError);
  });
});
