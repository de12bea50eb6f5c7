import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came: shows what came twice. */
  rawHeaders: string[];
  /** The body as it came, compressed or not. */
  bytes: Buffer;
  body: string;
  /** The body as JSON; throws when it is none. */
  json(): Record<string, unknown>;
  /** Milliseconds from the request to the end of the answer. */
  took: number;
}

export interface Question {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** The local address to come from: 127.0.0.2 and so on are different clients to the edge. */
  from?: string;
  agent?: Agent;
}

/** One request to 127.0.0.1, on a connection of its own unless an agent says otherwise. */
export function ask(port: number, path: string, { method = 'GET', headers = {}, body, from, agent }: Question = {}): Promise<Answer> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }), ...headers },
      agent: agent ?? false,
      ...(from !== undefined && { localAddress: from }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      receive(response, started).then(resolve, reject);
    });
    request.end(body);
  });
}

async function receive(response: IncomingMessage, started: number): Promise<Answer> {
  const bytes = await buffer(response);
  const body = bytes.toString();
  const { statusCode: status = 0, headers, rawHeaders } = response;
  return { status, headers, rawHeaders, bytes, body, json: () => object(JSON.parse(body)), took: performance.now() - started };
}

/** Writes bytes as they are and returns everything that came back until the edge closed or reset, or `done` saw enough. */
export function askRaw(port: number, bytes: string, done: (received: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (done(received)) socket.destroy();
    });
    // Reset is how nginx ends a slow client.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(received));
  });
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new Error(`not a JSON object: ${JSON.stringify(value)}`);
}
