import { describe, expect, it, vi } from 'vitest';
import { ask } from '../client.ts';
import { askEveryReplica } from '../every-replica.ts';
import { meanwhile } from '../meanwhile.ts';
import { login, newAccount } from '../people.ts';
import { readyReplicas, type Subject, tell } from '../subject.ts';

/** So many answers that a replica that is sent to has given one. */
const MANY = 40;
/** Milliseconds for which connections that there were may be served as before: nginx has old workers for them. */
const OLD = 20_000;

async function servedBy({ url }: Subject): Promise<Set<string>> {
  const answers = Array.from({ length: MANY }, () => ask(`${url}/v1/products?limit=1`));
  return new Set((await Promise.all(answers)).map((answer) => answer.servedBy));
}

/** How many sign-ins of one account may fail, as every answer says. */
async function signInsAllowed({ url }: Subject): Promise<number> {
  const { headers } = await login(url, newAccount());
  return Number(headers.get('ratelimit-limit') ?? Number.NaN);
}

/** What the cluster tool changes in all replicas at once, whatever runs them. At least two are there. */
export function describeChanges(subject: () => Subject): void {
  describe('all replicas', () => {
    it('but the first get nothing more when it is asked for, and no order and no read is lost', async () => {
      const { cluster } = subject();
      const [first = ''] = await readyReplicas(subject());
      const words = await meanwhile(subject(), async () => {
        await cluster.serve(1);
        await vi.waitFor(async () => expect(await servedBy(subject())).toEqual(new Set([first])), { timeout: OLD, interval: 500 });
        await cluster.serve(undefined);
        await askEveryReplica(subject(), () => ask(`${subject().url}/v1/products?limit=1`));
      });
      tell(`the edge sent to one alone, and to all again: ${words}`);
      await expect(cluster.serve(99)).rejects.toThrow(/There are \d+ replicas: `scale api=99` first/);
    });

    it('get other settings, and those that they had when they do not start with them', async () => {
      const { cluster } = subject();
      const names = await readyReplicas(subject());
      const before = await signInsAllowed(subject());
      await cluster.renew({ RATE_LIMIT_SCALE: '3' });
      const changed = await signInsAllowed(subject());
      expect(changed).not.toBe(before);
      await expect(cluster.renew({ RATE_LIMIT_SCALE: 'much' })).rejects.toThrow(
        /RATE_LIMIT_SCALE[^]*The replicas have the settings that they had/,
      );
      expect(await signInsAllowed(subject())).toBe(changed);
      await expect(cluster.renew({ NO_SUCH_THING: '1' })).rejects.toThrow(/NO_SUCH_THING[^]*nothing has changed/);
      await cluster.renew({});
      expect(await signInsAllowed(subject())).toBe(before);
      expect(await readyReplicas(subject())).toEqual(names);
    });
  });
}
