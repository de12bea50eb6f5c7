import { get } from 'node:http';
import { WebSocket } from 'ws';

export type Wire = 'websocket' | 'sse';

/** An open stream. */
export interface Connection {
  /** When the change of an order came, on the clock of `performance.now()`; it fails when the stream ends before. */
  event: Promise<number>;
  close(): void;
}

/** Milliseconds within which a stream has to have said its first word. */
const GREETING = 10_000;

/** Opens a stream and waits for its first frame. @throws when it is refused, ends, or is silent. */
export function connect(wire: Wire, url: string, token: string): Promise<Connection> {
  const opened = Promise.withResolvers<Connection>();
  const event = Promise.withResolvers<number>();
  event.promise.catch(() => undefined); // whoever waits for it hears of it
  const fail = (why: string) => {
    const error = new Error(`a ${wire} stream ${why}`);
    opened.reject(error);
    event.reject(error);
    close();
  };
  const take = (text: string) => {
    if (text.includes('"reason"')) fail(`was ended: ${text.trim()}`);
    else if (text.includes('order.paid')) event.resolve(performance.now());
    else if (text.includes('ready')) opened.resolve({ event: event.promise, close });
  };
  const patience = setTimeout(() => fail(`said nothing in ${GREETING / 1000} s`), GREETING);
  const close = (wire === 'websocket' ? openWebSocket : openSse)(url, { authorization: `Bearer ${token}` }, take, fail);
  return opened.promise.finally(() => clearTimeout(patience));
}

type Open = (url: string, headers: Record<string, string>, take: (text: string) => void, fail: (why: string) => void) => () => void;

const openWebSocket: Open = (url, headers, take, fail) => {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers, perMessageDeflate: false });
  socket.on('message', (data: Buffer) => take(data.toString()));
  socket.on('error', (error) => fail(`failed: ${error.message}`));
  socket.on('close', (code) => fail(`was closed with ${code}`));
  return () => socket.terminate();
};

const openSse: Open = (url, headers, take, fail) => {
  const request = get(url, { agent: false, headers: { ...headers, accept: 'text/event-stream' } }, (response) => {
    if (response.statusCode !== 200) fail(`was refused with ${response.statusCode}`);
    response.setEncoding('utf8');
    response.on('data', take);
    response.on('error', () => undefined); // its close says the same
    response.on('close', () => fail('was closed'));
  });
  request.on('error', (error) => fail(`failed: ${error.message}`));
  return () => request.destroy();
};
