import { describe, expect, it, vi } from 'vitest';
import { ask } from '../client.ts';
import { askEveryReplica } from '../every-replica.ts';
import { meanwhile } from '../meanwhile.ts';
import { readyReplicas, type Subject, tell } from '../subject.ts';

/** Answers of each replica: so many that one that gets too few or too many is seen. */
const EACH = 50;

export function describeReplicas(subject: () => Subject): void {
  describe('the replicas', () => {
    it('share the work evenly, and name themselves', async () => {
      const names = await readyReplicas(subject());
      const answers = await askEveryReplica(subject(), () => ask(`${subject().url}/v1/products?limit=20`), EACH);
      expect([...answers.keys()].toSorted()).toEqual(names.toSorted());
      const counts = [...answers.values()].map(({ length }) => length);
      tell(`answers of each replica: ${counts.join(', ')}`);
      expect(Math.max(...counts)).toBeLessThan(EACH * 1.2);
    });

    it('lose no order and no read when one of them is killed', async () => {
      const { cluster } = subject();
      const victim = (await readyReplicas(subject())).at(-1) ?? '';
      const pid = async () => (await cluster.status()).api.find(({ name, state }) => name === victim && state === 'ready')?.pid;
      const before = await pid();
      const words = await meanwhile(subject(), async () => {
        await cluster.kill(victim);
        await vi.waitFor(async () => expect(await pid()).not.toBeOneOf([before, undefined, null]), { timeout: 120_000, interval: 100 });
      });
      tell(`${victim} killed: ${words}`);
    });
  });
}
