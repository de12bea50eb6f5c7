import { describe, expect, it } from 'vitest';
import { blocksFor, portsFrom, ROOM } from './ports.ts';

describe('blocksFor', () => {
  it('tries every block once, below the ephemeral ports, the same order each time', () => {
    const blocks = blocksFor('a');
    expect(new Set(blocks).size).toBe(120);
    expect(Math.min(...blocks)).toBe(20_000);
    expect(Math.max(...blocks) + 99).toBeLessThan(32_768);
    expect(blocksFor('a')).toEqual(blocks);
  });

  it('begins elsewhere for another instance', () => {
    expect(blocksFor('a')[0]).not.toBe(blocksFor('b')[0]);
  });
});

it('gives every process of the largest cluster a port of its own within the block', () => {
  const ports = portsFrom(20_000);
  const all = [
    ports.postgresPrimary,
    ports.redisCache,
    ports.redisState,
    ports.paymentSandbox,
    ...Array.from({ length: ROOM.postgresReplicas }, (_, index) => ports.postgresReplica(index + 1)),
    ...Array.from({ length: ROOM.api }, (_, index) => ports.api(index + 1)),
    ...Array.from({ length: ROOM.api }, (_, index) => ports.apiMetrics(index + 1)),
    ...Array.from({ length: ROOM.worker }, (_, index) => ports.worker(index + 1)),
    ...Array.from({ length: ROOM.worker }, (_, index) => ports.workerMetrics(index + 1)),
  ];
  expect(new Set(all).size).toBe(all.length);
  expect(all.every((port) => port >= 20_000 && port < 20_100)).toBe(true);
});
