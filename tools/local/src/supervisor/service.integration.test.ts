import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, startOf } from '../process/identity.ts';
import { launch } from '../process/launch.ts';
import { createRecords, endLeftBehind, leftBehind } from '../process/records.ts';
import { until } from '../process/until.ts';
import { createService, type Service, type ServiceOptions } from './service.ts';

const HANGS_AROUND = 'setInterval(() => {}, 1000);';

let folder: string;
let services: Service[];
let notes: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenfold-service-'));
  services = [];
  notes = [];
});
afterEach(async () => {
  await Promise.all(services.map((service) => service.stop()));
  rmSync(folder, { recursive: true });
});

const recordsFile = () => join(folder, 'processes.json');

function probe(script: string, isReady = async () => true, more: Partial<ServiceOptions> = {}): Service {
  const created = createService({
    name: 'probe',
    program: () => ({ name: 'probe', command: process.execPath, args: ['-e', script], env: {}, log: join(folder, 'probe.log') }),
    isReady,
    readyWithin: 15_000,
    stop: [{ signal: 'SIGTERM', wait: 300 }],
    records: createRecords(recordsFile()),
    closing: new AbortController().signal,
    changed: (_service, note) => void (note !== undefined && notes.push(note)),
    ...more,
  });
  services.push(created);
  return created;
}

const identity = (pid: number) => ({ pid, started: startOf(pid) ?? '' });

describe('a service', () => {
  it('starts its process again when it is killed, at once the first time', async () => {
    const killed = probe(HANGS_AROUND);
    await killed.start();
    const { pid } = killed;
    killed.kill();
    const isFresh = () => killed.state === 'ready' && killed.pid !== pid;
    await until(isFresh, { what: 'it was not started again', within: 30_000 });
    expect(notes).toEqual(['probe was ended by SIGKILL; starts again at once']);
  });

  it('says after three failures what the process said, and goes on trying', async () => {
    const broken = probe("console.error('no such host'); process.exit(3)", async () => false);
    await expect(broken.start()).rejects.toThrow('probe ended with exit code 3: no such host.');
    expect(broken.state).toBe('restarting');
    expect(broken.problem).toBe('probe ended with exit code 3: no such host');
  });

  it('kills a process that does not get ready in time', async () => {
    const slow = probe(HANGS_AROUND, async () => false, { readyWithin: 300 });
    await expect(slow.start()).rejects.toThrow('probe was ended by SIGKILL');
  });

  it('asks a process to end, then makes it, and what it started too', async () => {
    const script = `process.on('SIGTERM', () => {});
      const child = require('node:child_process').spawn(process.execPath, ['-e', '${HANGS_AROUND}'], { stdio: 'ignore' });
      require('node:fs').writeFileSync('${join(folder, 'child')}', String(child.pid)); ${HANGS_AROUND}`;
    const childFile = join(folder, 'child');
    const stubborn = probe(script, async () => readFileSync(childFile, 'utf8') !== '');
    await stubborn.start();
    const family = [stubborn.pid ?? 0, Number(readFileSync(childFile, 'utf8'))].map(identity);
    expect(family.every(isAlive)).toBe(true);
    await stubborn.stop();
    await until(() => !family.some(isAlive), { what: 'some were left', within: 15_000 });
    expect(stubborn.state).toBe('stopped');
  });

  it('starts nothing any more when the cluster is being stopped', async () => {
    const late = probe(HANGS_AROUND, async () => true, { closing: AbortSignal.abort() });
    await expect(late.start()).rejects.toThrow('being stopped');
    expect(late.pid).toBeUndefined();
  });
});

describe('records', () => {
  it('name what runs, for a later supervisor to end', async () => {
    const orphan = launch({
      name: 'probe',
      command: process.execPath,
      args: ['-e', HANGS_AROUND],
      env: {},
      log: join(folder, 'probe.log'),
    });
    createRecords(recordsFile()).add({ name: 'probe', pid: orphan.pid, started: orphan.started, polite: 'SIGTERM' });
    const found = leftBehind(recordsFile());
    expect(found).toMatchObject([{ name: 'probe', pid: orphan.pid, polite: 'SIGTERM' }]);
    expect(await endLeftBehind(recordsFile())).toEqual(['probe']);
    expect(found.some(isAlive)).toBe(false);
  });

  it('do not name another process that was given the id since', async () => {
    const records = createRecords(recordsFile());
    records.add({ name: 'innocent', pid: process.pid, started: 'an earlier boot/1', polite: 'SIGKILL' });
    expect(await endLeftBehind(recordsFile())).toEqual([]);
  });
});
