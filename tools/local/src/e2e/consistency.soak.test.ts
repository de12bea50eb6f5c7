import { expect, it } from 'vitest';
import { readOwnWrites, seenEverywhere } from './consistency-scenarios.ts';
import { median, percent, subject, tell } from './subject.ts';

const target = subject();

it('1,000 writes are seen by reads with their tokens while a database replica has stopped replaying', async () => {
  const { stale, fromReplicas } = await readOwnWrites(target, 1000);
  tell(`1,000 pairs: ${stale.length} stale reads; of uncached reads without a token, replicas answered ${percent(fromReplicas)}`);
  expect(stale).toEqual([]);
});

it('100 writes are seen on every replica without a token within 200 ms', async () => {
  const times = await seenEverywhere(target, 100);
  tell(
    `100 writes were seen on every replica after ${median(times).toFixed(1)} ms (median), ${Math.max(...times).toFixed(1)} ms (slowest)`,
  );
  expect(median(times)).toBeLessThan(200);
});
