import { existsSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { locate } from '@tenfold/cluster';
import { ask, itemsOf, setStock, signIn } from '@tenfold/cluster/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../process/identity.ts';
import { until } from '../process/until.ts';
import {
  begin,
  command,
  type CommandResult,
  describeCluster,
  everyPort,
  everyProcess,
  isListening,
  prepareTestCluster,
  type TestCluster,
} from '../testing/test-cluster.ts';
import { seconds, tell } from './subject.ts';

/** A cluster of its own, beside the shared one. */
let own: TestCluster;
let refused: CommandResult;
const SMALL = ['--detach', '--scale', 'api=1', '--scale', 'replica=1'];

beforeAll(async () => {
  const home = await prepareTestCluster();
  const port = ['--port', String(home.port)];
  writeFileSync(join(home.directory, 'secrets.json'), '{');
  refused = await home.run('start', ...port, ...SMALL);
  const { code, stderr } = await home.run('start', '--reset', ...port, ...SMALL);
  own = { ...describeCluster(home.directory, home.port), ...home };
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => own.close());

/** What a cluster that has ended must not have left. */
async function remains(before: { processes: ReturnType<typeof everyProcess>; ports: number[] }) {
  const { socket, lock } = locate(own.directory);
  return {
    processes: before.processes.filter(isAlive),
    ports: await stillListening(before.ports),
    files: [socket, lock].filter((file) => existsSync(file)),
  };
}

/** Those of the ports on which somebody listens. A process's last thread closes them, which may be a moment after its first has ended. */
async function stillListening(ports: readonly number[], moments = 20): Promise<number[]> {
  const listening = await Promise.all(ports.map(isListening));
  const left = ports.filter((_, index) => listening[index]);
  if (left.length === 0 || moments === 0) return left;
  await wait(100);
  return stillListening(left, moments - 1);
}
const NOTHING = { processes: [], ports: [], files: [] };

async function whatRuns() {
  return { processes: everyProcess(own.directory), ports: everyPort(await own.cluster.status()) };
}

async function firstVariant(): Promise<{ sku: string; available: number }> {
  const [product] = itemsOf(await ask(`${own.url}/v1/products?limit=1`));
  const [variant] = itemsOf({ body: product ?? {} }, 'variants');
  return { sku: String(variant?.['sku']), available: Number(variant?.['available']) };
}

/** Starts it in the foreground and waits until it is ready. */
async function startInForeground() {
  const started = begin(own.directory, 'local', ['start', '--scale', 'api=1', '--scale', 'replica=1']);
  let output = '';
  started.child.stdout.on('data', (chunk) => (output += String(chunk)));
  await until(() => output.includes('Ctrl-C ends it'), { what: 'it was not ready', within: 60_000 });
  return started;
}

describe('a cluster that runs', () => {
  it('has refused to start on a damaged file, which it named, until it was told to begin anew', async () => {
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({ code: 1, stderr: expect.stringContaining('secrets.json is damaged') });
    expect((await fetch(`${own.url}/v1/products?limit=1`)).status).toBe(200);
  });

  it('refuses a second start in its state directory, and goes on', async () => {
    const { code, stderr } = await own.run('start');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^tenfold: A cluster runs here already \(supervisor \d+\)/),
    });
    expect((await fetch(`${own.url}/v1/products?limit=1`)).status).toBe(200);
  });

  it('keeps its port: another one says who has it, and leaves nothing half-started', async () => {
    const other = realpathSync(mkdtempSync(join(tmpdir(), 'tenfold-other-')));
    const { code, stderr } = await command(other, 'local', 'start', '--port', String(own.port));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(`Port ${own.port} is in use by nginx \\(pid \\d+\\)`) });
    expect(everyProcess(other)).toEqual([]);
    await command(other, 'local', 'stop', '--reset');
    rmSync(other, { recursive: true });
  });

  it('keeps its secrets to itself: in files of mode 0600, and on no command line', async () => {
    const { dir, credentials, keys } = locate(own.directory);
    for (const folder of [dir, keys]) expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of [credentials, join(dir, 'secrets.json')]) expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const { password } of Object.values(own.credentials)) {
      expect((await command(own.directory, 'cluster', 'status', '--json')).stdout).not.toContain(password);
      expect((await command(own.directory, 'cluster', 'credentials')).stdout).toContain(password);
    }
  });

  it('answers wrong usage with 2, a failure with 1, and help with 0', async () => {
    const codes = ['--help', 'kill', 'kill api-9', 'logs nobody'].map(async (line) => {
      return (await command(own.directory, 'cluster', ...line.split(' '))).code;
    });
    expect(await Promise.all(codes)).toEqual([0, 2, 1, 1]);
    expect((await own.run('start', '--colour')).code).toBe(2);
  });
});

describe('a cluster that ends', () => {
  it('takes over what a supervisor left behind that was killed, with all data', async () => {
    await setStock(own, (await firstVariant()).sku, 4242, await signIn(own, own.credentials.staff));
    const before = await whatRuns();
    process.kill(own.supervisor().pid, 'SIGKILL');
    const { code, stderr } = await own.run('start', ...SMALL);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('ended what an earlier supervisor left behind') });
    expect(before.processes.filter(isAlive)).toEqual([]);
    expect((await firstVariant()).available).toBe(4242);
  });

  it('leaves no process, port or socket behind when it is stopped', async () => {
    const before = await whatRuns();
    const began = performance.now();
    expect((await own.run('stop')).code).toBe(0);
    tell(`npm stop took ${seconds(performance.now() - began)}`);
    expect(await remains(before)).toEqual(NOTHING);
    expect((await own.run('stop')).stderr).toContain('no cluster was running');
  });

  it('drains and leaves nothing behind on Ctrl-C', async () => {
    const { child, ended } = await startInForeground();
    const before = await whatRuns();
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
    expect(await remains(before)).toEqual(NOTHING);
  });

  it('ends at once on a second Ctrl-C, and starts again from what Postgres had written', async () => {
    const { child, ended } = await startInForeground();
    const before = await whatRuns();
    child.kill('SIGINT');
    await until(() => everyProcess(own.directory).length < before.processes.length, { what: 'nothing ended', within: 10_000, every: 5 });
    child.kill('SIGINT');
    await ended;
    expect(await remains(before)).toEqual(NOTHING);
  });
});

describe('a cluster whose start or supervisor fails', () => {
  it('says in one sentence what a replica says of its settings, and leaves nothing behind', async () => {
    const { ended } = begin(own.directory, 'local', ['start', '--detach', '--scale', 'api=1'], { DB_PRIMARY_POOL_SIZE: 'many' });
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^tenfold: api-1 ended with exit code 1: .*DB_PRIMARY_POOL_SIZE/);
    expect(everyProcess(own.directory)).toEqual([]);
  });

  it('leaves nothing behind when it is stopped after its supervisor was killed', async () => {
    await own.run('start', ...SMALL);
    const before = await whatRuns();
    process.kill(own.supervisor().pid, 'SIGKILL');
    expect((await own.run('stop')).stderr).toContain('ended what an earlier supervisor left behind');
    const { processes, ports } = await remains(before);
    expect({ processes, ports }).toEqual({ processes: [], ports: [] });
  });
});
