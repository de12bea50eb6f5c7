import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import Fastify from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { turnsPlugin } from './turns.ts';

const app = Fastify();
/** Of the requests that were begun. */
const names: string[] = [];
let port: number;

beforeAll(async () => {
  await app.register(turnsPlugin);
  app.get<{ Params: { name: string } }>('/:name', async ({ params }) => {
    names.push(params.name);
    return {};
  });
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
});
beforeEach(() => {
  names.length = 0;
});
afterAll(() => app.close());

it('begins a few in a turn, in the order in which they came', async () => {
  const sent = Array.from({ length: 100 }, (_, index) => String(index));
  const perTurn: number[] = [];
  let before = 0;
  const client = connect(port, '127.0.0.1');
  client.end(sent.map((name) => `GET /${name} HTTP/1.1\r\nHost: shop\r\n\r\n`).join(''));
  await new Promise<void>((resolve) => {
    const look = () => {
      perTurn.push(names.length - before);
      before = names.length;
      if (before < sent.length) setImmediate(look);
      else resolve();
    };
    setImmediate(look);
  });
  client.destroy();
  expect(names).toEqual(sent);
  // Four where they came, and four right after that, in the first turn.
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(8);
});

it('has new connections wait for few requests on old ones', async () => {
  const [old, fresh] = [60, 20];
  const kept = new Agent({ keepAlive: true });
  const enough = new AbortController();
  const client = async () => {
    while (!enough.signal.aborted) await ask('old', kept);
  };
  const clients = Array.from({ length: old }, client);
  while (names.length < 20 * old) await ask('old', kept);

  const before = names.length;
  await Promise.all(Array.from({ length: fresh }, () => ask('new')));
  const meanwhile = names.lastIndexOf('new') - before;
  enough.abort();
  await Promise.all(clients);
  kept.destroy();
  // One connection is accepted a turn: were a turn all that is there, the last one would have waited for most of 20 times 60.
  expect(meanwhile).toBeLessThan((old * fresh) / 3);
});

function ask(name: string, agent?: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: `/${name}`, agent: agent ?? new Agent() }, (answer) => answer.resume().on('end', resolve)).on(
      'error',
      reject,
    );
  });
}
