import { describe, expect, it } from 'vitest';
import { ClusterError } from '../errors.ts';
import { bandwidth, cpuGroup } from './cgroup.ts';

describe('bandwidth', () => {
  it('turns a share of a core into microseconds a period', () => {
    expect(bandwidth(0.05)).toEqual({ quota: 5000, period: 100_000 });
    expect(bandwidth(0.1)).toEqual({ quota: 10_000, period: 100_000 });
  });

  it('shortens the period where it would be stopped for longer than it needs to', () => {
    expect(bandwidth(0.4)).toEqual({ quota: 10_000, period: 25_000 });
    expect(bandwidth(0.3)).toEqual({ quota: 9900, period: 33_000 });
    expect(bandwidth(2)).toEqual({ quota: 20_000, period: 10_000 });
  });

  it('lengthens the period where the kernel would refuse the quota', () => {
    expect(bandwidth(0.005)).toEqual({ quota: 1000, period: 200_000 });
    expect(bandwidth(0.001)).toEqual({ quota: 1000, period: 1_000_000 });
  });

  it.each([0, -1, 0.0005, 65, Number.NaN])('refuses a share of %d', (share) => {
    expect(() => bandwidth(share)).toThrow(ClusterError);
  });
});

it('says in one sentence that a machine has no control groups', () => {
  expect(() => cpuGroup('tenfold-test/x', { mounts: '' })).toThrow(/control groups/);
});
