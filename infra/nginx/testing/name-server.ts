import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { freePort } from './free-port.ts';

export interface NameServer {
  /** `127.0.0.1:5353` */
  address: string;
  /** What every name resolves to from now on. */
  addresses: string[];
  close(): void;
}

/** A DNS server (RFC 1035) that gives every question of type A the same IPv4 addresses, with a TTL of 0. */
export async function startNameServer(addresses: string[]): Promise<NameServer> {
  const socket = createSocket('udp4');
  const server: NameServer = { address: '', addresses, close: () => void socket.close() };
  socket.on('message', (query, { port, address }) => socket.send(answer(query, server.addresses), port, address));
  const port = await freePort();
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  server.address = `127.0.0.1:${port}`;
  return server;
}

function answer(query: Buffer, addresses: readonly string[]): Buffer {
  // The question: labels up to the empty one, then type and class.
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2); // an answer, no error
  header.writeUInt16BE(addresses.length, 6);
  header.fill(0, 8);
  const records = addresses.map((address) => {
    // Name: a pointer to the question's at offset 12; type A, class IN, TTL 0, four bytes.
    return Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
  });
  return Buffer.concat([header, question, ...records]);
}
