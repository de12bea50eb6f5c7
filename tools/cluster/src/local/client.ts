import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Cluster, Progress } from '../cluster.ts';
import { stateDirectory } from '../config.ts';
import { ClusterError } from '../errors.ts';
import { ClusterStatus } from '../status.ts';
import { ProcessUsage } from '../usage.ts';
import { locate, type Place } from './place.ts';
import { type Command, Reply } from './protocol.ts';
import { tail } from './tail.ts';

const silent: Progress = () => {};

/**
 * The local cluster of a state directory, through its supervisor's control socket. Nothing is asked of it yet.
 *
 * @throws ClusterError when there has never been a cluster.
 */
export function localCluster(directory = stateDirectory()): Cluster {
  if (!existsSync(directory)) throw notRunning(directory);
  const place = locate(directory);
  const ask = async (command: Command, progress: Progress = silent) => send(place, command, progress);
  return {
    status: async () => Value.Parse(ClusterStatus, await ask({ verb: 'status' })),
    async scale(service, count, progress) {
      if (service === 'postgres-replica') await onlyOnCompose('scale postgres-replica');
      else await ask({ verb: 'scale', service, count }, progress);
    },
    renew: async (settings) => void (await ask({ verb: 'renew', settings: { ...settings } })),
    kill: async (name) => void (await ask({ verb: 'kill', name })),
    drain: async (name, progress) => void (await ask({ verb: 'drain', name }, progress)),
    stopService: async (name, progress) => void (await ask({ verb: 'stop-service', name }, progress)),
    startService: async (name, progress) => void (await ask({ verb: 'start-service', name }, progress)),
    quota: async (name, share) => void (await ask({ verb: 'quota', name, share: share ?? null })),
    usage: async () => Value.Parse(Type.Array(ProcessUsage), await ask({ verb: 'usage' })),
    maxConns: async (count) => void (await ask({ verb: 'max-conns', count: count ?? null })),
    balance: async (by, weights) => void (await ask({ verb: 'balance', by: by ?? null, ...(weights && { weights: [...weights] }) })),
    serve: async (count) => void (await ask({ verb: 'serve', count: count ?? null })),
    reloadEdge: async () => void (await ask({ verb: 'reload-edge' })),
    rotateKeys: async (progress) => void (await ask({ verb: 'rotate-keys' }, progress)),
    roll: () => onlyOnCompose('roll'),
    promote: () => onlyOnCompose('promote'),
    async stop(progress) {
      const pid = await supervisorOf(place);
      await ask({ verb: 'stop' }, progress);
      if (pid !== undefined) await untilGone(pid);
    },
    logs: (name, options) => tail(logFile(place, name), options),
    credentials: () => readCredentials(place),
  };
}

async function onlyOnCompose(verb: string): Promise<never> {
  throw new ClusterError(`${verb} is for containers: \`--on compose ${verb}\`.`);
}

async function send(place: Place, command: Command, progress: Progress): Promise<unknown> {
  const response = await post(place, JSON.stringify(command));
  for await (const line of createInterface({ input: response })) {
    const reply = Value.Parse(Reply, JSON.parse(line));
    if ('progress' in reply) progress(reply.progress);
    else if ('failed' in reply) throw new ClusterError(reply.failed);
    else return reply.done;
  }
  throw new ClusterError('The supervisor ended in the middle of its answer.');
}

function post(place: Place, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // A connection of its own: one that was kept may be closed by the supervisor just as it is used again.
    const headers = { 'content-type': 'application/json' };
    const outgoing = request({ socketPath: place.socket, method: 'POST', path: '/', headers, agent: false });
    outgoing.on('response', resolve);
    // ENOENT: no socket; ECONNREFUSED: its supervisor was killed.
    outgoing.on('error', (error) =>
      reject('code' in error && error.code === 'EACCES' ? error : notRunning(place.dir, existsSync(place.lock))),
    );
    outgoing.end(body);
  });
}

/** The supervisor's process id, as its lock says; undefined when there is no lock. */
async function supervisorOf(place: Place): Promise<number | undefined> {
  const owner: unknown = JSON.parse(await readFile(place.lock, 'utf8').catch(() => 'null'));
  return typeof owner === 'object' && owner !== null && 'pid' in owner ? Number(owner.pid) : undefined;
}

/** Nothing else than the supervisor itself is left by then, and it has nothing left to do. */
async function untilGone(pid: number): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    if (!exists(pid)) return;
    await wait(20);
  }
}

/** Whether the process runs: one that has ended and waits for its parent to notice (a zombie) doesn't. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return error instanceof Error && 'syscall' in error && error.syscall !== 'kill' && process.platform !== 'linux';
  }
}

/** @param locked a supervisor that ends removes its lock: this one was killed. */
function notRunning(directory: string, locked = false): ClusterError {
  if (locked)
    return new ClusterError(`The supervisor in ${directory} was killed: \`npm start\` takes over, \`npm stop\` ends what is left.`);
  return new ClusterError(`No cluster is running in ${directory}: \`npm start\` starts one.`);
}

/** Logs are read from their files, so that they can be read when nothing runs any more. */
function logFile(place: Place, name: string): string {
  const names = existsSync(place.logs) ? readdirSync(place.logs).filter((file) => file.endsWith('.log')) : [];
  const known = names.map((file) => basename(file, '.log')).sort();
  if (!known.includes(name)) throw new ClusterError(`There is no log of ${name}; there are ${known.join(', ') || 'none yet'}.`);
  return join(place.logs, `${name}.log`);
}

async function readCredentials(place: Place): Promise<unknown> {
  const text = await readFile(place.credentials, 'utf8').catch(() => {
    throw new ClusterError(`There are no credentials in ${place.dir} yet: \`npm start\` makes them.`);
  });
  return JSON.parse(text);
}
