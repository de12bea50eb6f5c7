import { follow, placeOrder, shopper, WIRES } from '@tenfold/cluster/testing';
import { expect, it } from 'vitest';
import { until } from '../process/until.ts';
import { measureFor, subject } from './subject.ts';

/** The edge ends a connection on which it reads nothing for 60 s. */
const SILENCE = 70_000;

const target = subject();

it('a live stream stays open at the edge while nothing happens, and then goes on', async () => {
  const who = await shopper(target);
  const followers = WIRES.map((wire) => follow(who, wire));
  await measureFor(SILENCE);
  const id = await placeOrder(who);
  for (const { heard, endings } of followers) {
    await until(() => heard.length === 2, { what: 'the order was not told', within: 30_000 });
    expect({ heard, endings }).toEqual({ heard: [`order.placed ${id}`, `order.paid ${id}`], endings: [] });
  }
  await Promise.all(followers.map((one) => one.stop()));
});
