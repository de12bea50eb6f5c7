import { describe, expect, it } from 'vitest';
import { until } from '../process/until.ts';
import { follow, WIRES } from './live-client.ts';
import { placeOrder, shopper } from './order-scenarios.ts';
import { howMany } from './shop.ts';
import { measureFor, replica, servesAgain, subject, tell } from './subject.ts';

const target = subject();

describe('a live stream through the edge', () => {
  it('tells a buyer of each change, over WebSocket and as Server-Sent Events, and nobody else', async () => {
    const [who, other] = await Promise.all([shopper(target), shopper(target)]);
    const followers = WIRES.map((wire) => follow(who, wire));
    const strangers = WIRES.map((wire) => follow(other, wire));
    await measureFor(500); // for all to be open
    const id = await placeOrder(who);
    const declined = await placeOrder(who, 'pm_decline');
    for (const { heard } of followers) {
      await until(() => heard.length === 4, { what: 'not all was told', within: 30_000 });
      expect(heard.filter((one) => one.endsWith(id))).toEqual([`order.placed ${id}`, `order.paid ${id}`]);
      expect(heard.filter((one) => one.endsWith(declined))).toEqual([`order.placed ${declined}`, `order.payment_failed ${declined}`]);
    }
    expect(strangers.flatMap(({ heard }) => heard)).toEqual([]);
    await Promise.all([...followers, ...strangers].map((one) => one.stop()));
  });

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
