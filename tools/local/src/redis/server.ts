import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../files/own.ts';
import type { Account, Program } from '../process/launch.ts';
import type { RedisProgram } from '../programs/redis.ts';

/** `redis-cache` may lose everything at any time; `redis-state` holds sessions, carts, limits and queues. */
export type RedisName = 'redis-cache' | 'redis-state';

export interface RedisServer {
  name: RedisName;
  port: number;
  /** A folder of its own; holds its settings and what it saves. */
  folder: string;
  log: string;
  program: RedisProgram;
  account: Account | undefined;
  password: string;
}

interface Setting {
  name: string;
  value: string;
  why: string;
}

const KIND: Record<RedisName, Setting[]> = {
  'redis-cache': [
    { name: 'appendonly', value: 'no', why: 'a cache is filled again' },
    { name: 'maxmemory', value: '128mb', why: 'the hot part of the catalogue, several times over' },
    { name: 'maxmemory-policy', value: 'allkeys-lfu', why: 'what is asked for often stays' },
  ],
  'redis-state': [
    { name: 'appendonly', value: 'yes', why: 'carts and queues outlive a restart' },
    { name: 'appendfsync', value: 'everysec', why: 'a crash loses at most a second; what must not be lost is in Postgres' },
    { name: 'maxmemory', value: '256mb', why: 'bounded' },
    { name: 'maxmemory-policy', value: 'noeviction', why: "a full store refuses writes; it doesn't forget a cart to keep another" },
  ],
};

/** Writes the settings that go for the next start. */
export async function configureRedis(server: RedisServer): Promise<void> {
  const settings: Setting[] = [
    { name: 'bind', value: '127.0.0.1', why: 'nothing here is for other machines' },
    { name: 'port', value: String(server.port), why: 'from the block of this instance' },
    { name: 'requirepass', value: server.password, why: 'other users of this machine reach the port too' },
    { name: 'dir', value: `"${server.folder.replaceAll(/["\\]/g, '\\$&')}"`, why: 'its own' },
    { name: 'save', value: '""', why: 'no snapshots beside the log' },
    { name: 'daemonize', value: 'no', why: 'the supervisor waits for it' },
    { name: 'tcp-backlog', value: '128', why: "the kernel's own limit on small machines: more only makes it warn" },
    ...KIND[server.name],
  ];
  await makePrivateFolder(server.folder, server.account);
  const text = settings.map(({ name, value, why }) => `# ${why}\n${name} ${value}\n`).join('');
  await writePrivateFile(
    confOf(server),
    `# Written at every start: changes belong in tools/local/src/redis/server.ts.\n${text}`,
    server.account,
  );
}

export function redisProgram(server: RedisServer): Program {
  return {
    name: server.name,
    command: server.program.path,
    argv0: server.program.argv0,
    args: [confOf(server)],
    env: { TZ: 'UTC' },
    account: server.account,
    cwd: server.folder,
    log: server.log,
  };
}

/** Whether the server is up and has loaded its data. @throws why not. */
export async function redisAnswers({ port, password }: { port: number; password: string }): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, timeout: 2000 });
  socket.setEncoding('utf8');
  socket.on('timeout', () => socket.destroy(new Error('no answer within 2 s')));
  try {
    await once(socket, 'connect');
    socket.write(`AUTH ${password}\r\nPING\r\n`);
    let reply = '';
    for await (const chunk of socket) {
      reply += String(chunk);
      if (reply.includes('+PONG')) return true;
      if (/^-.*\r\n/m.test(reply)) throw new Error(reply.trim());
    }
    throw new Error('the connection was closed');
  } finally {
    socket.destroy();
  }
}

export function redisUrl({ port, password }: { port: number; password: string }): string {
  return `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`;
}

const confOf = (server: RedisServer) => join(server.folder, 'redis.conf');
