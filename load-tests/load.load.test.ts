import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startTestCluster, type TestCluster } from '@tenfold/local/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quotaFor } from './prove/plan.ts';
import { childEnv } from './run/config.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster(['--scale', 'api=2', '--scale', 'replica=1'], { RATE_LIMIT_SCALE: '100' });
});
afterAll(() => cluster?.close());

/** One of the two commands, as npm runs it. */
function start(name: 'run' | 'prove', ...argv: string[]) {
  return spawn(process.execPath, [join(FOLDER, name, 'main.ts'), ...argv], {
    env: childEnv({ TENFOLD_DIR: cluster.directory }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function command(name: 'run' | 'prove', ...argv: string[]) {
  const child = start(name, ...argv);
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code: Number(code), stderr };
}

const jsonOf = async (file: string) => JSON.parse(await readFile(file, 'utf8'));

describe('npm run load', () => {
  it('visits every journey, counts requests by replica, and leaves a page and a summary without secrets', async () => {
    const out = join(cluster.directory, 'load');
    const { code, stderr } = await command('run', 'smoke', '--out', out);
    expect(stderr).toContain('Every promise was kept.');
    expect(code).toBe(0);
    const summary = await jsonOf(join(out, 'summary.json'));
    for (const name of ['api-1', 'api-2']) expect(summary.metrics[`requests_by_replica{replica:${name}}`].count).toBeGreaterThan(0);
    for (const journey of ['browse', 'search', 'cart', 'checkout', 'signIn', 'live'])
      expect(summary.metrics[`http_req_duration{scenario:${journey}}`].count).toBeGreaterThan(0);
    expect(JSON.stringify(summary)).not.toContain('accessToken');
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('<html');
  });

  it('refuses a machine that nobody has said is theirs', async () => {
    expect(await command('run', 'smoke', '--on', 'https://example.com')).toMatchObject({ code: 2 });
  });
});

describe('npm run prove', () => {
  async function expectAsItWas(): Promise<void> {
    expect((await cluster.cluster.status()).api).toHaveLength(2);
    expect((await cluster.cluster.usage()).filter(({ share }) => share !== null)).toEqual([]);
  }

  // No speed is asserted: on a busy machine the verdict is "void", and that is right.
  it('computes every gate, fits what is valid, writes the report and leaves the cluster as it was', async () => {
    const out = join(cluster.directory, 'proof');
    const { code, stderr } = await command('prove', '--brief', '--out', out);
    if (![0, 3, 4].includes(code)) throw new Error(stderr);
    const proof = await jsonOf(join(out, 'proof.json'));
    const names = proof.gates.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['search', 'quota', 'bound', 'spread', 'drops', 'host', 'alone', 'generator', 'tiers', 'confirmed']);
    expect(proof.valid).toBe(code !== 4);
    expect(proof.runs.map(({ n }: { n: number }) => n).toSorted()).toEqual([1, 2, 4]);
    for (const run of proof.runs) expect(run.saturation.requests).toBeGreaterThan(100);
    for (const file of ['index.html', 'runs.csv', 'throughput.svg']) expect(existsSync(join(out, file))).toBe(true);

    await expectAsItWas();
  });

  const { share: quota } = quotaFor({ on: 'local', mix: 'browse', work: true });
  const limited = async () => (await cluster.cluster.usage()).filter(({ share }) => share === quota).length;
  const many = async () => (await cluster.cluster.status()).api.length;

  it.each([
    { what: 'a proof', argv: ['--replicas', '1,3'], bounded: 3, later: () => Promise.resolve() },
    {
      what: 'a day',
      argv: ['--autoscale'],
      bounded: 10,
      // It begins with few, and at noon they come and go by the rule.
      later: async () => {
        await expect.poll(many, { timeout: 60_000, interval: 200 }).toBeLessThan(10);
        await wait(10_000);
      },
    },
  ])('$what is interrupted with replicas, quotas and balancing as they were', async ({ argv, bounded, later }) => {
    const child = start('prove', '--brief', ...argv);
    const [words, exited] = [text(child.stderr), once(child, 'exit')];
    await expect.poll(limited, { timeout: 240_000, interval: 200 }).toBe(bounded);
    expect(await command('prove', '--brief')).toMatchObject({ code: 1, stderr: expect.stringContaining('Another proof runs here') });
    await later();
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(await words).toMatch(
      /interrupted: ending what runs[^]*: Replicas, quotas and balancing are as they were\.\ntenfold: Interrupted\.\n$/,
    );
    await expectAsItWas();
  });

  it('compares replicas with one of as many quotas, and sees what a crash costs', async () => {
    const out = join(cluster.directory, 'vertical');
    const { code, stderr } = await command('prove', '--vertical', '--brief', '--replicas', '1,2', '--out', out);
    if (![0, 4].includes(code)) throw new Error(stderr);
    const { evidence, tables } = await jsonOf(join(out, 'proof.json'));
    const { k, wide, tall } = evidence[1];
    expect([k, wide.run.n, tall.run.n]).toEqual([2, 2, 1]);
    const [least, most] = [wide, tall].map(({ run }) =>
      run.saturation.use.processes.find(({ name }: { name: string }) => name === 'api-1'),
    );
    expect(most.share).toBeCloseTo(2 * least.share);
    // For a moment there was nobody.
    expect(tall.crash.failed).toBeGreaterThan(0);
    expect(tables[0].rows).toHaveLength(4);
    await expectAsItWas();
  });

  it('adds and removes replicas by the rule, and compares with ten all day', async () => {
    const out = join(cluster.directory, 'autoscale');
    const { code, stderr } = await command('prove', '--autoscale', '--brief', '--out', out);
    if (![0, 3, 4].includes(code)) throw new Error(stderr);
    const { evidence } = await jsonOf(join(out, 'proof.json'));
    const [byRule, fixed] = evidence.map(
      ({ moments }: { moments: { replicas: number }[] }) => new Set(moments.map(({ replicas }) => replicas)),
    );
    expect(byRule.size).toBeGreaterThan(1);
    expect([...fixed]).toEqual([10]);
    expect(evidence[0].replicaHours).toBeLessThan(evidence[1].replicaHours);
    await expectAsItWas();
  });

  it('offers ten times too much, of which the edge refuses the most', async () => {
    const out = join(cluster.directory, 'overload');
    const { code, stderr } = await command('prove', '--overload', '--brief', '--out', out);
    if (![0, 3, 4].includes(code)) throw new Error(stderr);
    const { evidence } = await jsonOf(join(out, 'proof.json'));
    const { before, during, after, offered, capacity } = evidence;
    expect(offered).toBeGreaterThan(capacity);
    expect(during.refused.count).toBeGreaterThan(during.accepted.count);
    expect(during.refusedByReplica).toBeLessThan(during.refused.count / 10);
    for (const { accepted, orders } of [before, during, after]) {
      expect(accepted.count).toBeGreaterThan(0);
      expect(orders.placed).toBeGreaterThan(0);
    }
    await expectAsItWas();
  });

  it('scales database replicas', async () => {
    const out = join(cluster.directory, 'tier');
    const { code, stderr } = await command('prove', '--tier', 'postgres-replica=1', '--brief', '--out', out);
    if (![0, 3, 4].includes(code)) throw new Error(stderr);
    const { runs } = await jsonOf(join(out, 'proof.json'));
    const tooMany = await command('prove', '--tier', 'postgres-replica=1,2', '--brief', '--out', out);
    expect(tooMany).toMatchObject({ code: 1, stderr: expect.stringContaining('start the cluster with --scale replica=2') });
    const { saturation } = runs[0];
    const database = saturation.use.processes.find(({ name }: { name: string }) => name === 'postgres-replica-1');
    expect(database.share).toBe(quotaFor({ on: 'local', mix: 'uncached', work: false }).share);
    expect(saturation.replicas.reduce((sum: number, { remoteReads }: { remoteReads: number }) => sum + remoteReads, 0)).toBeGreaterThan(0);
    await expectAsItWas();
  });
});
