import { UsageError } from '@tenfold/cluster';
import { describe, expect, it } from 'vitest';
import { parseInvocation } from './arguments.ts';

describe('parseInvocation', () => {
  it('starts three API replicas, a worker and two database replicas on the last port, in the foreground', () => {
    expect(parseInvocation(['start'])).toEqual({
      command: 'start',
      detach: false,
      options: { api: 3, workers: 1, replicas: 2, port: undefined, reset: false },
    });
  });

  it('takes every option', () => {
    const argv = ['start', '--scale', 'api=10', '--scale', 'worker=2', '--scale=replica=0', '--port', '8081', '--detach', '--reset'];
    expect(parseInvocation(argv)).toEqual({
      command: 'start',
      detach: true,
      options: { api: 10, workers: 2, replicas: 0, port: 8081, reset: true },
    });
  });

  it.each([
    [[]],
    [['restart']],
    [['start', '--scale', 'api']],
    [['start', '--scale', 'api=0']],
    [['start', '--scale', 'api=-1']],
    [['start', '--scale', 'api=1e3']],
    [['start', '--scale', 'edge=2']],
    [['start', '--port', '80']],
    [['start', '--port', '70000']],
    [['start', '--port', 'http']],
    [['start', '--colour']],
    [['start', 'now']],
    [['stop', '--port', '8080']],
  ])('refuses %j', (argv) => {
    expect(() => parseInvocation(argv)).toThrow(UsageError);
  });

  it('shows its help for either command, whatever else is said', () => {
    expect(parseInvocation(['start', '--detach', '--help'])).toEqual({ command: 'help' });
    expect(parseInvocation(['stop', '-h'])).toEqual({ command: 'help' });
  });
});
