import { Agent } from 'node:http';
import { expect, it } from 'vitest';
import { ask } from './testing/ask.ts';
import { startCluster, together, type TestCluster } from './testing/cluster.ts';

const CLIENTS = 16;
const RELOADS = 20;

it('loses nothing of GETs and unkeyed POSTs on kept-alive connections while the edge reloads 20 times', async ({
  onTestFinished,
  skip,
}) => {
  const cluster = await startCluster(onTestFinished, 3);
  const { note } = cluster.edge;
  if (note !== undefined) skip(note);
  const load = startLoad(cluster);
  for (let round = 0; round < RELOADS; round += 1) {
    // As when replicas join and drain: each round another one is out.
    const servers = cluster.replicas.map(({ address }, index) => ({ address, state: index === round % 3 ? 'down' : 'up' }) as const);
    await cluster.edge.reload({ upstream: { servers } });
  }
  const { failures, sent } = await load.stop();
  expect(failures).toEqual([]);
  // Enough to have met the moment: each client had a request under way or a connection idle at each reload.
  expect(sent).toBeGreaterThan(CLIENTS * RELOADS * 2);
});

/** Clients that each send request after request on one connection, every second one a POST, until they are stopped. */
function startLoad({ port }: TestCluster) {
  const failures: string[] = [];
  let sent = 0;
  const stopping = new AbortController();
  const client = async (number: number) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!stopping.signal.aborted) {
      sent += 1;
      const method = (sent + number) % 2 ? 'POST' : 'GET';
      const answer = await ask(port, '/v1/cart', { method, agent, ...(method === 'POST' && { body: '{}' }) }).catch(String);
      if (typeof answer === 'string') failures.push(`${method}: ${answer}`);
      else if (answer.status !== 200) failures.push(`${method}: ${answer.status}`);
    }
    agent.destroy();
  };
  const clients = together(CLIENTS, client);
  return {
    async stop() {
      stopping.abort();
      await clients;
      return { failures, sent };
    },
  };
}
