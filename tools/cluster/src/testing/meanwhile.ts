import { expect, vi } from 'vitest';
import { startPatientClients } from './client.ts';
import { bearing, register } from './people.ts';
import { countOrders, ordering, putOnSale, reading } from './shop.ts';
import type { Subject } from './subject.ts';

/**
 * Shoppers who read, and one who has no orders yet and places some, while something happens. None of it may be lost.
 *
 * @param act is told when each replica was first heard of, as Date.now().
 * @returns what they saw, in words.
 */
export async function meanwhile(target: Subject, act: (firstHeard: ReadonlyMap<string, number>) => Promise<unknown>): Promise<string> {
  const [{ tokens }, { sku }] = await Promise.all([register(target), putOnSale(target, 1_000_000)]);
  const customer = bearing(tokens);
  const reads = startPatientClients(4, reading(target), 200);
  const writes = startPatientClients(2, ordering(target, customer, sku), 201);
  const stop = () => Promise.all([reads.stop(), writes.stop()]);
  try {
    await vi.waitFor(() => expect(writes.seen.done).toBeGreaterThan(20), { timeout: 120_000, interval: 50 });
    await act(reads.seen.firstHeard);
  } finally {
    await stop();
  }
  const [read, written] = await stop();
  expect([...read.failures, ...written.failures]).toEqual([]);
  expect(await countOrders(target, customer)).toBe(written.done);
  return `${read.done} reads, ${read.repeated} repeated; ${written.done} orders, ${written.repeated} repeated`;
}
