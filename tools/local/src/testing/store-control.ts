import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { withConnection } from '../postgres/connect.ts';
import type { PostgresFacts, StoreFacts, StoreName, TestStores } from './test-stores.ts';
import { messageOf } from '../process/message-of.ts';

/** Where a test worker asks the process that started the stores to act on them. */
export interface ProvidedStores extends StoreFacts {
  control: string;
}

/** What a test can do to a store that it shares; it has to put things right again. */
export interface StoreControl {
  pid(name: StoreName): Promise<number | undefined>;
  stop(name: StoreName): Promise<void>;
  start(name: StoreName): Promise<void>;
  /** SIGSTOP: the store hangs, its connections stay open. */
  pause(name: StoreName): Promise<void>;
  /** SIGCONT. */
  resume(name: StoreName): Promise<void>;
  /** SIGKILL; `start` brings it back. */
  kill(name: StoreName): Promise<void>;
  /** Lets a replica receive the log and not apply it: it falls behind while it goes on answering. */
  pauseReplay(replica: PostgresFacts): Promise<void>;
  resumeReplay(replica: PostgresFacts): Promise<void>;
}

const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = { pause: 'SIGSTOP', resume: 'SIGCONT', kill: 'SIGKILL' };

/** The worker's side: `storeControl(inject('stores'))`. */
export function storeControl(stores: ProvidedStores): StoreControl {
  const ask = async (name: StoreName, verb: string) => {
    const response = await fetch(`${stores.control}/${name}/${verb}`, { method: 'POST' });
    const body = await response.text();
    if (!response.ok) throw new Error(`${verb} ${name}: ${body}`);
    return body;
  };
  const act = (verb: string) => async (name: StoreName) => void (await ask(name, verb));
  return {
    pid: async (name) => Number(await ask(name, 'pid')) || undefined,
    stop: act('stop'),
    start: act('start'),
    pause: act('pause'),
    resume: act('resume'),
    kill: act('kill'),
    pauseReplay: (replica) => query(replica, 'SELECT pg_wal_replay_pause()'),
    resumeReplay(replica) {
      // What is replayed after a pause may end any statement there, this one too: then it is in force all the same.
      const resume = () => query(replica, 'SELECT pg_wal_replay_resume()');
      return resume().catch(resume);
    },
  };
}

/** The starter's side. The token in the path keeps other users of the machine out. */
export async function serveStoreControl(stores: TestStores): Promise<{ url: string; server: Server }> {
  const token = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    const [, given, name, verb] = (request.url ?? '').split('/');
    const known = storeNames(stores.facts).find((store) => store === name);
    if (request.method !== 'POST' || given !== token || !known || !verb) {
      response.writeHead(404).end('no such thing');
      return;
    }
    perform(stores, known, verb).then(
      (body) => response.end(body),
      (error: unknown) => response.writeHead(500).end(messageOf(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('listening on no port');
  return { url: `http://127.0.0.1:${address.port}/${token}`, server };
}

async function perform(stores: TestStores, name: StoreName, verb: string): Promise<string> {
  const signal = SIGNALS[verb];
  if (verb === 'pid') return String(stores.pid(name) ?? '');
  if (verb === 'stop') await stores.stop(name);
  else if (verb === 'start') await stores.start(name);
  else if (signal) stores.signal(name, signal);
  else throw new Error(`no such verb: ${verb}`);
  return '';
}

function storeNames({ postgres, redis }: StoreFacts): StoreName[] {
  return [postgres.primary, ...postgres.replicas, redis.cache, redis.state].map(({ name }) => name);
}

async function query(server: PostgresFacts, sql: string): Promise<void> {
  const password = decodeURIComponent(new URL(server.superuserUrl).password);
  await withConnection({ port: server.port, user: 'postgres', password }, (client) => client.query(sql));
}
