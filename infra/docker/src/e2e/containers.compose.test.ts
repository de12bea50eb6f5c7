import { startLoad, unevenness, until } from '@tenfold/local/testing';
import { afterEach, describe, expect, inject, it } from 'vitest';
import {
  ask,
  countOrders,
  inWorker,
  ordering,
  plenty,
  reading,
  registerCustomer,
  signInAsStaff,
  someProduct,
  startClients,
  subject,
  tell,
  untilFinal,
  untilWhole,
} from './shop.ts';

/** Requests a second: what two cores with ten replicas on them answer without a queue. */
const RATE = 100;
const quietly = () => undefined;

describe.skipIf(!inject('compose'))('docker compose up --scale api=10', () => {
  const target = () => subject();

  afterEach(() => untilWhole(target()));

  /** Shoppers who read and one who has no orders yet and places some, while something happens. @returns what they saw. */
  const meanwhile = async (what: string, act: () => Promise<void>) => {
    const customer = await registerCustomer(target());
    const reads = startClients(4, reading(target()), 200);
    const writes = startClients(2, ordering(target(), customer, await plenty(target())), 201);
    await until(() => writes.seen.done >= 20, { what: 'the orders did not get on', within: 120_000 });
    await act();
    const [read, written] = await Promise.all([reads.stop(), writes.stop()]);
    tell(`${what}: ${read.done} reads, ${read.repeated} repeated; ${written.done} orders, ${written.repeated} repeated`);
    expect([...read.failures, ...written.failures]).toEqual([]);
    expect(await countOrders(target(), customer)).toBe(written.done);
  };

  it('answers at the published port, from all ten replicas alike', async () => {
    const { url, took, cluster } = target();
    tell(`images in ${took.build.toFixed(1)} s, then the first 200 through the edge after ${took.firstAnswer.toFixed(1)} s`);
    const names = (await cluster.status()).api.map(({ name }) => name);
    expect(names).toHaveLength(10);
    const load = startLoad({ rate: RATE, url: () => `${url}/v1/products?limit=20` });
    await until(() => load.sent() >= 4000, { what: 'the load did not get on', within: 120_000 });
    const report = await load.stop();
    const distance = unevenness(report, names);
    tell(`spread over ten replicas, at most ${(distance * 100).toFixed(1)}% from even`, report);
    expect(report.failures).toEqual({});
    expect(distance).toBeLessThan(0.2);
  });

  it('lets staff sign in and write what everybody then reads', async () => {
    const { url } = target();
    const staff = await signInAsStaff(target());
    const { slug, sku } = await someProduct(target(), 1);
    const written = await ask(`${url}/v1/variants/${sku}/stock`, 'PUT', { available: 77 }, staff);
    expect(written.status).toBe(200);
    const token = written.headers.get('consistency-token') ?? '';
    const { body } = await ask(`${url}/v1/products/${slug}`, 'GET', undefined, { 'consistency-token': token });
    expect(body['variants']).toContainEqual(expect.objectContaining({ sku, available: 77 }));
  });

  it('makes one order of a request that is sent ten times, which is paid, and a receipt is mailed', async () => {
    const { url } = target();
    const customer = await registerCustomer(target());
    const { sku } = await someProduct(target());
    const send = ordering(target(), customer, sku)();
    const answers = await Promise.all(Array.from({ length: 10 }, () => untilFinal(send)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201));
    const [id, ...others] = new Set(answers.map(({ body }) => String(body['id'])));
    expect(others).toEqual([]);
    expect(await countOrders(target(), customer)).toBe(1);
    const isPaid = async () => (await ask(`${url}/v1/orders/${id}`, 'GET', undefined, customer)).body['state'] === 'paid';
    await until(isPaid, { what: 'the order was not paid', within: 30_000 });
    await until(() => inWorker(target(), 'cat /mail/*').includes(String(id)), { what: 'no receipt was mailed', within: 30_000 });
  });

  it('loses no order and no read when a replica is killed', async () => {
    const { cluster } = target();
    const pid = async () => (await cluster.status()).api.find(({ name, state }) => name === 'api-4' && state === 'ready')?.pid;
    const before = await pid();
    await meanwhile('api-4 killed', async () => {
      await cluster.kill('api-4');
      const isFresh = async () => ![before, undefined].includes(await pid());
      await until(isFresh, { what: 'api-4 was not started again', within: 120_000 });
    });
    expect(await pid()).not.toBe(before);
  });

  it('loses nothing when it is scaled down to two', async () => {
    const { cluster } = target();
    await meanwhile('ten to two replicas', () => cluster.scale('api', 2, quietly));
    expect((await cluster.status()).api.map(({ name }) => name)).toEqual(['api-1', 'api-2']);
  });
});
