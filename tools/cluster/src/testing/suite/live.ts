import { describe, expect, it, vi } from 'vitest';
import { ask } from '../client.ts';
import { type Follower, follow, WIRES } from '../live.ts';
import { bearing, post } from '../people.ts';
import { placeOrder, shopper } from '../shop.ts';
import type { Subject } from '../subject.ts';

const OPENED = { timeout: 30_000, interval: 20 };

export function describeLive(subject: () => Subject): void {
  describe('a live stream', () => {
    it('tells a buyer of each change, over WebSocket and as Server-Sent Events, and nobody else', async () => {
      const [who, other] = await Promise.all([shopper(subject()), shopper(subject())]);
      const followers = WIRES.map((wire) => follow(who, wire));
      const strangers = WIRES.map((wire) => follow(other, wire));
      await untilOpen([...followers, ...strangers]);
      const id = await placeOrder(who);
      const declined = await placeOrder(who, 'pm_decline');
      for (const { heard } of followers) {
        await vi.waitFor(() => expect(heard).toHaveLength(4), OPENED);
        expect(heard.filter((one) => one.endsWith(id))).toEqual([`order.placed ${id}`, `order.paid ${id}`]);
        expect(heard.filter((one) => one.endsWith(declined))).toEqual([`order.placed ${declined}`, `order.payment_failed ${declined}`]);
      }
      expect(strangers.flatMap(({ heard }) => heard)).toEqual([]);
      await Promise.all([...followers, ...strangers].map((one) => one.stop()));
    });

    it.each(WIRES)('goes on where it ended, on whichever replica: %s', async (wire) => {
      const who = await shopper(subject());
      const before = follow(who, wire);
      await untilOpen([before]);
      const first = await placeOrder(who);
      await vi.waitFor(() => expect(before.heard).toEqual([`order.placed ${first}`, `order.paid ${first}`]), OPENED);
      await before.stop();
      const meanwhile = await placeOrder(who);
      const after = follow(who, wire, before.lastId);
      await vi.waitFor(() => expect(after.heard).toEqual([`order.placed ${meanwhile}`, `order.paid ${meanwhile}`]), OPENED);
      expect(after.resets).toBe(0);
      await after.stop();
    });

    it('is opened with a ticket that is good once', async () => {
      const { url, tokens } = await shopper(subject());
      const issued = await post(url, '/v1/live/tickets', undefined, tokens.accessToken);
      const at = `${url}/v1/live?ticket=${String(issued.body['ticket'])}`;
      const leaving = new AbortController();
      const stream = await fetch(at, { headers: { accept: 'text/event-stream' }, signal: leaving.signal });
      expect([issued.status, stream.status]).toEqual([201, 200]);
      leaving.abort();
      expect((await ask(at, 'GET', undefined, { accept: 'text/event-stream' })).code).toBe('ticket_invalid');
      expect((await ask(`${url}/v1/live`, 'GET', undefined, bearing(tokens))).code).toBe('not_acceptable');
    });
  });
}

async function untilOpen(followers: readonly Follower[]): Promise<void> {
  for (const one of followers) await vi.waitFor(() => expect(one.opened).toBeGreaterThan(0), OPENED);
}
