import { setTimeout as wait } from 'node:timers/promises';
import { bearing, putOnSale, register, tell, untilWhole } from '@tenfold/cluster/testing';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { inDatabase, killForGood, startAgain } from './engine.ts';
import { countOf, describeSeen, findCapacity, type Journey, startBuyers, startJourneys } from './journeys.ts';
import { subject } from './subject.ts';

/** The part of what the machine can do that it is asked for. */
const SHARE = 0.7;
const RELOADS = 20;
/** Replicas of which one is killed: what the others are asked for then is still less than they bear. */
const OF = 4;
/** How long something is lost, and how long it is watched when it is back, in milliseconds. */
const LOST = 10_000;
const BACK = 8000;
const quietly = () => undefined;

/** Who is killed, and which journeys may notice: docs/runbook.md says what users see. */
const KILLED: readonly (readonly [container: string, noticed: readonly Journey[]])[] = [
  ['api', ['sign in']], // a POST without a key is never sent twice
  ['postgres-replica-1', []],
  ['redis-cache-1', []],
  ['redis-state-1', ['cart']],
  ['worker-1', []],
];

describe.skipIf(!inject('compose'))('under 70% of what this machine can do', () => {
  let rate = 0;

  beforeAll(async () => {
    // On one machine ten replicas bear less than two: what each does for itself, all of them do.
    const ten = await findCapacity(subject());
    await subject().cluster.scale('api', 2, quietly);
    const two = await findCapacity(subject());
    rate = Math.round(Math.min(two, ten) * SHARE);
    tell(`two replicas bear ${two} requests a second, ten ${ten}: ${rate} from here on`);
  });
  afterEach(() => untilWhole(subject()));

  it('2 to 10 to 2 replicas, three rolls and 20 reloads of the edge', async () => {
    const { cluster } = subject();
    const journeys = await startJourneys(subject(), rate);
    let [sent, failed] = [0, 0];
    const during = async (what: string, act: () => Promise<unknown>) => {
      const began = performance.now();
      await act();
      const seen = journeys.report();
      tell(`${what}, ${((performance.now() - began) / 1000).toFixed(1)} s: ${describeSeen(seen)}`);
      sent += countOf(seen, 'sent');
      failed += countOf(seen, 'failed');
    };
    await during('undisturbed', () => wait(10_000));
    await during('2 to 10 replicas', () => cluster.scale('api', 10, quietly));
    await during('ten replicas', () => wait(10_000));
    await during('10 to 2 replicas', () => cluster.scale('api', 2, quietly));
    for (const roll of [1, 2, 3]) await during(`roll ${roll}`, () => cluster.roll('api', quietly));
    await during(`${RELOADS} reloads`, async () => {
      for (let time = 0; time < RELOADS; time += 1) await Promise.all([cluster.reloadEdge(), wait(1000)]);
    });
    await during('undisturbed', () => wait(Math.max(10_000, ((50_000 - sent) / rate) * 1000)));
    await journeys.stop();
    tell(`${failed} of ${sent} failed`);
    expect({ failed, enough: sent >= 50_000 }).toEqual({ failed: 0, enough: true });
  });

  describe(`with ${OF} replicas`, () => {
    beforeAll(() => subject().cluster.scale('api', OF, quietly));

    it.each(KILLED)('%s is killed', async (victim, noticed) => {
      const [first] = (await subject().cluster.status()).api;
      const container = victim === 'api' ? (first?.name ?? '') : victim; // rolls have changed their numbers
      const journeys = await startJourneys(subject(), rate);
      await wait(2000);
      journeys.report();
      killForGood(subject(), container);
      await wait(LOST);
      const without = journeys.report();
      startAgain(subject(), container);
      await wait(BACK);
      const back = await journeys.stop();
      tell(`without ${container}: ${describeSeen(without)}`);
      tell(`${container} is back: ${describeSeen(back)}`);
      const unexpected = (['browse', 'order', 'cart', 'sign in'] as const).filter(
        (journey) => !noticed.includes(journey) && without[journey].failed + back[journey].failed > 0,
      );
      expect(unexpected).toEqual([]);
    });
  });
});

describe.skipIf(!inject('compose'))('eight buyers', () => {
  it('lose at most what no replica had, when the primary is killed and one promoted', async () => {
    const [{ tokens }, { sku }] = await Promise.all([register(subject()), putOnSale(subject(), 1_000_000)]);
    const buyers = startBuyers(subject(), bearing(tokens), sku, 8);
    await wait(5000);
    const { cluster, env } = subject();
    const synchronous = Boolean(env['SYNCHRONOUS_STANDBY_NAMES']);
    killForGood(subject(), 'postgres-1');
    const promotion = await cluster.promote(quietly);
    await wait(5000);
    const { ids, longestGap } = await buyers.stop();
    const kept = new Set(inDatabase(subject(), 'SELECT id FROM orders', promotion.primary));
    const lost = ids.filter((id) => !kept.has(id));
    tell(
      `the primary killed and a replica promoted (${synchronous ? 'synchronous' : 'asynchronous'}): no good write for ${longestGap.toFixed(1)} s; ` +
        `${lost.length} of ${ids.length} acknowledged orders lost, the log says ${promotion.lostCommits} commits`,
    );
    expect(longestGap).toBeLessThan(10);
    expect(synchronous ? lost : []).toEqual([]);
  });
});
