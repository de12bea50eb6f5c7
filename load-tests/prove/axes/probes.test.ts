import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { countLate } from './probes.ts';

async function targetThat(answers: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answers(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

it('counts no answer that came in time', async () => {
  expect(await countLate(await targetThat((response) => response.end('{}')), 5000)).toBe(0);
});

it.each([
  ['is refused', (response: ServerResponse) => void response.writeHead(503).end()],
  ['never comes', () => undefined],
  ['never ends', (response: ServerResponse) => void response.write('{')],
])('counts every answer that %s', async (_, answers) => {
  expect(await countLate(await targetThat(answers), 50)).toBe(3);
});
