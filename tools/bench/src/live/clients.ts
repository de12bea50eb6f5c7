import { get } from 'node:http';
import { WebSocket } from 'ws';

export type Wire = 'websocket' | 'sse';

/** An open stream. */
export interface Connection {
  /** When the next change of an order comes, on the clock of `performance.now()`. */
  nextEvent(): Promise<number>;
  close(): void;
}

/** Opens a stream and waits for its first frame. */
export function connect(wire: Wire, url: string, token: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let heard: ((at: number) => void) | undefined;
    const connection = (close: () => void): Connection => ({
      close,
      nextEvent: () =>
        new Promise((done) => {
          heard = done;
        }),
    });
    const take = (text: string, close: () => void) => {
      if (text.includes('ready')) resolve(connection(close));
      else if (text.includes('order.paid')) heard?.(performance.now());
    };
    const headers = { authorization: `Bearer ${token}` };
    if (wire === 'websocket') {
      const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers, perMessageDeflate: false });
      socket.on('message', (data: Buffer) => take(data.toString(), () => socket.terminate()));
      socket.on('error', reject);
      return;
    }
    const request = get(url, { agent: false, headers: { ...headers, accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`a stream was refused: ${response.statusCode}`));
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => take(chunk, () => request.destroy()));
      response.on('error', () => undefined);
    });
    request.on('error', reject);
  });
}
