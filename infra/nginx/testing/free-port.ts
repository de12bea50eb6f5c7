import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 12_000;
const COUNT = 20_000;

/** Each process goes its own way through the range, so that two test workers rarely look at one port. */
let next = (process.pid * 211) % COUNT;

/**
 * A port that nothing listens on, never the same twice in one process, and from below the range that the kernel gives to
 * outgoing connections: any connection could take one of those between our looking and nginx's (or a restarted
 * replica's) binding.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    const server = createServer().listen(port, host);
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
