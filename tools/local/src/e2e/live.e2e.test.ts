import { follow, placeOrder, shopper, WIRES } from '@tenfold/cluster/testing';
import { describe, expect, it } from 'vitest';
import { until } from '../process/until.ts';
import { howMany } from './shop.ts';
import { measureFor, replica, servesAgain, subject, tell } from './subject.ts';

const target = subject();

describe('a live stream through the edge', () => {
  it('misses nothing and repeats nothing while replicas are drained and killed and the edge reloads', async () => {
    const who = await shopper(target);
    const followers = [...WIRES, ...WIRES, ...WIRES].map((wire) => follow(who, wire));
    await measureFor(500);
    const placed: string[] = [];
    const buying = new AbortController();
    const bought = (async () => {
      while (!buying.signal.aborted) {
        placed.push(await placeOrder(who));
        await measureFor(250);
      }
    })();
    await target.cluster.drain('api-1', () => undefined);
    for (let time = 0; time < 5; time += 1) await target.cluster.reloadEdge();
    for (const name of ['api-2', 'api-3']) {
      const { pid } = await replica(target, name);
      process.kill(pid, 'SIGKILL');
      await servesAgain(target, name, pid);
    }
    buying.abort();
    await bought;
    const expected = placed.flatMap((id) => [`order.placed ${id}`, `order.paid ${id}`]);
    for (const { heard, endings, resets } of followers) {
      await until(() => heard.length >= expected.length, { what: `only ${heard.length} of ${expected.length} were told`, within: 30_000 });
      expect(heard.toSorted()).toEqual(expected.toSorted());
      for (const id of placed) expect(heard.indexOf(`order.placed ${id}`)).toBeLessThan(heard.indexOf(`order.paid ${id}`));
      expect(resets).toBe(0);
      tell(`${expected.length} events over streams that ended so: ${JSON.stringify(howMany(endings))}`);
    }
    expect(followers.flatMap(({ endings }) => endings)).toContain('draining');
    await Promise.all(followers.map((one) => one.stop()));
  });
});
