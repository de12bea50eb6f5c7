import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { localCluster } from './client.ts';
import { locate } from './place.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A supervisor that is done with everything at once. @returns how many connections it was given. */
async function startSupervisor() {
  const directory = mkdtempSync(join(tmpdir(), 'tenfold-client-'));
  undo.push(() => rmSync(directory, { recursive: true }));
  const { socket } = locate(directory);
  mkdirSync(dirname(socket), { recursive: true });
  undo.push(() => rmSync(dirname(dirname(socket)), { recursive: true }));
  let connections = 0;
  const server = createServer((_, response) => response.end('{"done":[]}\n')).on('connection', () => (connections += 1));
  server.listen(socket);
  await once(server, 'listening');
  undo.push(() => server.close());
  return { directory, connections: () => connections };
}

it('takes a connection of its own for each command: one that was kept may end just as it is used again', async () => {
  const { directory, connections } = await startSupervisor();
  const cluster = localCluster(directory);
  for (let command = 1; command <= 3; command += 1) {
    expect(await cluster.usage()).toEqual([]);
    expect(connections()).toBe(command);
  }
});
