import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from './free-port.ts';

interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  /** Names and values in turn, as they came. */
  rawHeaders: string[];
  body: string;
}

export type Behaviour = (response: ServerResponse, received: Received) => void;

/** A tiny API replica that does as it is told and remembers what it was asked. */
export interface Replica {
  name: string;
  port: number;
  /** `127.0.0.1:20021` */
  address: string;
  received: Received[];
  /** Connections that the edge ever opened, and those that are open now. */
  connections: { opened: number; open: number };
  /** What it does with the next requests. */
  behave: Behaviour;
  /** As after `kill -9`: connections end, the port refuses. Once more does nothing. */
  close(): Promise<void>;
}

/** Answers as the API does: JSON, its name in X-Served-By, and what it was asked. */
export const answers: Behaviour = (response, received) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(received));
};

/** Takes the request and breaks the connection. */
export const drops: Behaviour = (response) => void response.socket?.destroy();

/** Takes the request and never answers, as a stopped process does. */
export const hangs: Behaviour = () => {};

async function receive(request: IncomingMessage): Promise<Received> {
  const { method = '', url = '', headers, rawHeaders } = request;
  return { method, url, headers, rawHeaders, body: await text(request) };
}

function ignore(): void {}

interface Where {
  host?: string;
  port?: number;
  behave?: Behaviour;
}

export async function startReplica(name: string, { host = '127.0.0.1', port, behave = answers }: Where = {}): Promise<Replica> {
  const http = createServer((request, response) => {
    response.setHeader('x-served-by', name);
    // The edge gives up on a hanging replica; that is no error here.
    request.on('error', ignore);
    void receive(request).then((received) => {
      replica.received.push(received);
      return replica.behave(response, received);
    }, ignore);
  });
  http.on('connection', (socket) => {
    replica.connections.opened += 1;
    replica.connections.open += 1;
    socket.on('close', () => (replica.connections.open -= 1));
  });
  // Longer than the edge keeps idle connections, as in the API.
  http.keepAliveTimeout = 60_000;
  const bound = port ?? (await freePort(host));
  http.listen(bound, host);
  await once(http, 'listening');
  const replica: Replica = {
    name,
    port: bound,
    address: `${host}:${bound}`,
    received: [],
    connections: { opened: 0, open: 0 },
    behave,
    async close() {
      if (!http.listening) return;
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
  return replica;
}
