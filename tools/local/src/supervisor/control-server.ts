import { once } from 'node:events';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { createServer, type ServerResponse, type Server } from 'node:http';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { ClusterError, Command, type Place, type Progress, type Reply } from '@tenfold/cluster';
import { Value } from 'typebox/value';
import { messageOf } from '../process/message-of.ts';

/** Does one command and gives its result; `progress` reaches the one who asked while it is under way. */
export type Execute = (command: Command, progress: Progress) => Promise<unknown>;

/**
 * Listens for the CLI on a Unix socket. Not a loopback port with a token: who may connect is then a matter of file
 * permissions (mode 0600 in a folder of 0700), there is no secret to keep and no port to choose.
 */
export async function serveControl(place: Place, execute: Execute): Promise<Server> {
  await makeRunFolder(place);
  await rm(place.socket, { force: true });
  const server = createServer((request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(405).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    text(request)
      .then((body) => answer(body, response, execute))
      .catch(() => response.destroy());
  });
  // A scale or a drain may take longer than any default; a client that goes away does not stop it.
  server.requestTimeout = 0;
  server.listen(place.socket);
  await once(server, 'listening');
  await chmod(place.socket, 0o600);
  return server;
}

async function answer(body: string, response: ServerResponse, execute: Execute): Promise<void> {
  const send = (reply: Reply) => {
    if (!response.destroyed) response.write(`${JSON.stringify(reply)}\n`);
  };
  try {
    const command = Value.Parse(Command, JSON.parse(body));
    const done = await execute(command, (progress) => send({ progress }));
    send({ done: done ?? null });
  } catch (error) {
    send({ failed: error instanceof ClusterError ? error.message : `The supervisor failed: ${messageOf(error)}` });
  }
  response.end();
}

/** @throws ClusterError when the folder belongs to somebody else: names in /tmp can be taken by anyone. */
async function makeRunFolder(place: Place): Promise<void> {
  for (const folder of [dirname(place.run), place.run]) {
    await mkdir(folder, { recursive: true, mode: folder === place.run ? 0o700 : 0o711 });
    const { uid } = await lstat(folder);
    if (uid !== process.getuid?.()) throw new ClusterError(`${folder} belongs to another user: remove it, or set XDG_RUNTIME_DIR.`);
  }
  await chmod(place.run, 0o700);
}
