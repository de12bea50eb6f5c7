import type { Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { once } from 'node:events';

/**
 * Sockets that wait for connections on the one port. libuv takes a single connection from each in a turn of the event loop
 * (libuv/libuv#3696). A replica that is late has long turns, and its edge opens connections because it is late: with one socket
 * the hundredth waited for a hundred turns, 3 s and more, while requests on older connections were answered in a tenth of that.
 */
const LISTENERS = 16;

interface Address {
  host: string;
  /** 0 for any that is free. */
  port: number;
}

/**
 * Adds listening sockets for the same address to a server that listens with `reusePort`. The kernel shares connections out among them.
 *
 * @returns closes them; resolves when the last connection that came through them has ended.
 */
export async function listenMore(server: Server, host: string): Promise<() => Promise<void>> {
  if (!canShare()) return async () => undefined;
  const port = portOf(server);
  const more = Array.from({ length: LISTENERS - 1 }, () =>
    // As node:http makes its own.
    net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)),
  );
  for (const one of more) {
    one.listen({ host, port, reusePort: true });
    await once(one, 'listening');
  }
  return async () => void (await Promise.all(more.map((one) => new Promise((resolve) => one.close(resolve)))));
}

/** SO_REUSEPORT shares connections out on Linux alone. */
export function canShare(): boolean {
  return process.platform === 'linux';
}

/** With `reusePort` the kernel would let two programs of one user have the same port. @throws EADDRINUSE, as without. */
export async function mustBeFree(address: Address): Promise<void> {
  const probe = net.createServer();
  probe.listen(address);
  await once(probe, 'listening');
  await new Promise((resolve) => probe.close(resolve));
}

/** @throws TypeError when it listens on none. */
export function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server does not listen on a port');
  return address.port;
}
