import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Balance, balanceDirective } from './balance.ts';
import { edgeVariables } from './render.ts';
import { ask } from './testing/ask.ts';
import { startCluster, together } from './testing/cluster.ts';
import { startEdge } from './testing/edge.ts';
import { startNameServer } from './testing/name-server.ts';
import { answers } from './testing/replica.ts';

/** An older nginx is refused by renderEdge, in a sentence: that is no failure here. */
async function orSkip<T>(start: Promise<T>, skip: (why: string) => never): Promise<T> {
  return start.catch((error: Error) => (error.name === 'EdgeValueError' ? skip(error.message) : Promise.reject(error)));
}

describe.concurrent('the replicas, chosen by', () => {
  it.for<[Balance, number[], number[]]>([
    ['round_robin', [], [100, 100, 100]],
    ['weighted', [2, 1, 3], [100, 50, 150]],
  ])('%s %j, get what they are due', async ([balance, weights, due], { onTestFinished }) => {
    const { port, replicas } = await startCluster(onTestFinished, 3, { balance, weights });
    for (let round = 0; round < 300; round += 1) expect((await ask(port, '/v1/products')).status).toBe(200);
    for (const [index, { received }] of replicas.entries()) expect(Math.abs(received.length - (due[index] ?? 0))).toBeLessThanOrEqual(2);
  });

  it.for<[Balance, number, number]>([
    ['round_robin', 0.23, 0.27],
    ['least_conn', 0, 0.16],
    ['random_two', 0, 0.16],
    ['least_time', 0, 0.16],
  ])('%s, give a slow one from %s to %s of all', async ([balance, least, most], { onTestFinished, skip }) => {
    const { port, replicas } = await orSkip(startCluster(onTestFinished, 4, { balance }), skip);
    const slow = replicas[3];
    if (slow) slow.behave = (response, request) => void setTimeout(() => answers(response, request), 50);
    await together(12, async () => {
      for (let round = 0; round < 50; round += 1) expect((await ask(port, '/v1/products')).status).toBe(200);
    });
    const part = (slow?.received.length ?? 0) / 600;
    expect(part).toBeGreaterThan(least);
    expect(part).toBeLessThan(most);
  });

  it('ip_hash, keep their clients, and those of one network are one client', async ({ onTestFinished }) => {
    const { port, edge, replicas } = await startCluster(onTestFinished, 3, { balance: 'ip_hash' });
    const servedBy = async (from: string) => (await ask(port, '/v1/products', { from })).headers['x-served-by'];
    const ofOneNetwork = await together(20, (index) => servedBy(`127.0.7.${index + 1}`));
    expect(new Set(ofOneNetwork).size).toBe(1);
    const networks = () => together(40, (index) => servedBy(`127.0.${index + 1}.1`));
    const before = await networks();
    expect(new Set(before).size).toBe(3);
    expect(await networks()).toEqual(before);
    // Those of a drained replica go elsewhere, and nobody else does.
    const servers = replicas.map(({ address }, index) => ({ address, state: index === 0 ? 'down' : 'up' }) as const);
    await edge.reload({ upstream: { servers } });
    const after = await networks();
    expect(after).not.toContain('r1');
    expect(after.filter((_, index) => before[index] !== 'r1')).toEqual(before.filter((name) => name !== 'r1'));
  });

  it.for<Balance>(['round_robin', 'least_conn', 'ip_hash', 'random_two', 'least_time'])(
    '%s, may be known by one name',
    async (balance, { onTestFinished, skip }) => {
      const names = await startNameServer([]);
      onTestFinished(() => names.close());
      const edge = await orSkip(startEdge({ balance, upstream: { resolve: 'api:3000', resolver: names.address } }), skip);
      onTestFinished(() => edge.stop());
      expect((await ask(edge.port, '/v1/products')).status).toBe(503);
    },
  );

  it('another way after a reload, lose nothing', async ({ onTestFinished, skip }) => {
    const { port, edge } = await startCluster(onTestFinished, 3);
    if (edge.note !== undefined) skip(edge.note);
    const statuses: number[] = [];
    const over = new AbortController();
    const clients = together(4, async () => {
      while (!over.signal.aborted) statuses.push((await ask(port, '/v1/products')).status);
    });
    for (const balance of ['ip_hash', 'round_robin', 'random_two'] as const) await edge.reload({ balance });
    over.abort();
    await clients;
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });
});

describe.concurrent('in a container', () => {
  const run = async (env: Record<string, string>, script = '35-balance.sh') => {
    const folder = await mkdtemp(join(tmpdir(), 'tenfold-edge-'));
    const written = join(folder, 'written.conf');
    try {
      await promisify(execFile)('sh', [join(import.meta.dirname, 'docker', script), written], { env });
      return (await readFile(written, 'utf8')).trim();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  it.for<Balance>(['round_robin', 'least_conn', 'ip_hash', 'random_two', 'least_time'])(
    'EDGE_BALANCE=%s means the same',
    async (balance) => {
      expect(await run({ EDGE_BALANCE: balance, NGINX_VERSION: '1.31.3' })).toBe(balanceDirective({ balance }, '1.31.3', 'api:3000'));
    },
  );

  it.for([
    [{ EDGE_BALANCE: 'weighted' }, 'EDGE_BALANCE=weighted needs replicas that are listed one by one'],
    [{ EDGE_BALANCE: 'least_time', NGINX_VERSION: '1.30.2' }, 'EDGE_BALANCE=least_time needs nginx 1.31.0 or newer, this is 1.30.2.'],
    [{ EDGE_BALANCE: 'luck' }, 'EDGE_BALANCE=luck is none of'],
  ] as const)('%j is refused', async ([env, sentence]) => {
    await expect(run(env)).rejects.toThrow(sentence);
  });

  it.for([[{}, undefined] as const, [{ EDGE_MAX_CONNS_BROWSE: '16' }, 16] as const])('%j means the same', async ([env, count]) => {
    const upstream = { resolve: 'api:3000', resolver: '127.0.0.11' };
    const options = { listen: '8081', directory: '/run/edge', version: '1.31.3', upstream };
    const { EDGE_SERVERS_BROWSE: servers } = edgeVariables({ ...options, ...(count !== undefined && { maxConnsBrowse: count }) });
    expect(await run(env, '36-max-conns.sh')).toBe(servers);
  });

  it.for(['0', '-1', '64k', '1 ; '])('EDGE_MAX_CONNS_BROWSE=%s is refused', async (count) => {
    await expect(run({ EDGE_MAX_CONNS_BROWSE: count }, '36-max-conns.sh')).rejects.toThrow('is no whole number from 1 on');
  });
});
