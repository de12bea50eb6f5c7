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

/** The other sockets of a server. */
const more = new WeakMap<Server, net.Server[]>();

/** Adds listening sockets for the same address to a server that listens with `reusePort`. The kernel shares connections out among them. */
export async function listenMore(server: Server, host: string): Promise<void> {
  if (!canShare()) return;
  const port = portOf(server);
  const others = Array.from({ length: LISTENERS - 1 }, () =>
    // As node:http makes its own.
    net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)),
  );
  more.set(server, others);
  for (const one of others) {
    one.listen({ host, port, reusePort: true });
    await once(one, 'listening');
  }
}

/** Closes all sockets of a server; resolves when the last connection has ended, whichever of them it came through. */
export async function closeAll(server: Server): Promise<void> {
  const all = [server, ...(more.get(server) ?? [])];
  await Promise.all(all.map((one) => new Promise((resolve) => one.close(resolve))));
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
