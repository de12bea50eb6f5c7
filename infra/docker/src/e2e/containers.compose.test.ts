import { startLoad, unevenness, until } from '@tenfold/local/testing';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type { Promotion } from '@tenfold/cluster';
import { askHttp2, encrypt, handshake, resumes } from './encrypted.ts';
import { CONFINED, changeImage, confinement, imagesOf, inDatabase, inWorker, runningIn } from './engine.ts';
import {
  ask,
  countOrders,
  ordering,
  plenty,
  readableReplicas,
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

  it('loses nothing when a replica is drained', async () => {
    const { cluster } = target();
    const { pid } = (await cluster.status()).api[0] ?? {};
    await meanwhile('api-1 drained', () => cluster.drain('api-1', quietly));
    expect((await cluster.status()).api[0]).toMatchObject({ name: 'api-1', state: 'ready', pid: expect.not.toBeOneOf([pid, null]) });
  });

  it('loses nothing while the schema is expanded under the old code and replicas of a new image take over', async () => {
    const { cluster } = target();
    const old = imagesOf(target());
    changeImage(target(), 'LABEL release=next');
    await meanwhile('roll of two replicas', async () => {
      inDatabase(target(), 'ALTER TABLE products ADD COLUMN subtitle text; ALTER TABLE orders ADD COLUMN note text');
      await cluster.roll('api', quietly);
    });
    expect(imagesOf(target())).not.toEqual(old);
    expect((await cluster.status()).api).toHaveLength(2);
  });

  it('goes back to the image that it was when one of a new image never gets ready', async () => {
    const { cluster } = target();
    const old = imagesOf(target());
    changeImage(target(), 'CMD ["node", "-e", "process.exit(3)"]');
    await meanwhile('a roll that fails', async () => {
      await expect(cluster.roll('api', quietly)).rejects.toThrow(/ends again and again \(exit code 3\)[^]*Nothing has changed/);
    });
    expect(imagesOf(target())).toEqual(old);
    expect((await cluster.status()).api).toHaveLength(2);
    await cluster.scale('api', 3, quietly); // of the good image again
    expect(imagesOf(target())).toEqual(old);
  });

  it('loses no order when a database replica is promoted, and the old primary follows it', async () => {
    const { cluster } = target();
    let promotion: Promotion | undefined;
    await meanwhile('a promotion', async () => {
      promotion = await cluster.promote(quietly);
    });
    expect(promotion).toEqual({ primary: 'postgres-replica-1', former: 'postgres-1', lostCommits: 0 });
    await untilWhole(target());
    const { primary, replicas } = (await cluster.status()).postgres;
    expect([primary, ...replicas].map(({ name }) => name)).toEqual(['postgres-replica-1', 'postgres-1']);
  });

  it('reads from a database replica soon after it was added, and forgets one that was taken away with its volume', async () => {
    const { cluster } = target();
    const staff = await signInAsStaff(target());
    const until5s = (count: number) =>
      until(async () => (await readableReplicas(target(), staff)) === count, {
        what: `not ${count} database replicas are read`,
        within: 5000,
      });
    await cluster.scale('postgres-replica', 2, quietly);
    await until5s(2);
    await cluster.scale('postgres-replica', 1, quietly);
    await until5s(1);
    expect((await cluster.status()).postgres.primary.name).toBe('postgres-replica-1');
  });

  it('lets no process be root, write, or gain rights', () => {
    const ids = runningIn(target());
    expect(ids.length).toBeGreaterThan(8);
    for (const id of ids) expect(confinement(id)).toEqual(CONFINED);
  });

  it('serves TLS once there is a certificate, and plain HTTP only says where', async () => {
    const url = await encrypt(target());
    const plain = await fetch(`http://127.0.0.1:${target().env['EDGE_PORT']}/v1/products?limit=1`, { redirect: 'manual' });
    expect([plain.status, plain.headers.get('location')]).toEqual([301, `${url}/v1/products?limit=1`]);
    expect(await askHttp2(url, '/v1/products?limit=1')).toMatchObject({
      ':status': 200,
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
      'x-served-by': expect.stringMatching(/^api-/),
    });
    expect(await handshake(url, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' })).toMatch(
      /PROTOCOL|ALERT|ECONNRESET/,
    );
    expect(await Promise.all([resumes(url, 'TLSv1.2'), resumes(url, 'TLSv1.3')])).toEqual([true, true]);
    expect((await target().cluster.status()).edge.url).toBe(url);
    const encrypted = { ...target(), url };
    const customer = await registerCustomer(encrypted);
    const { status } = await untilFinal(ordering(encrypted, customer, (await someProduct(encrypted)).sku)());
    expect(status).toBe(201);
  });
});
