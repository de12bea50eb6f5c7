import type { WebSocket } from '@fastify/websocket';
import { END_CODES, endFrame, type Wire } from './frames.ts';

/** Milliseconds for which a peer may take to close in its turn. */
const GOODBYE = 2000;

export interface SocketListener {
  closed(): void;
  /** There is nothing for a client to say. */
  message(): void;
}

/** One text message a frame: `{ id, event, data }`. */
export function openWebSocket(socket: WebSocket, listener: SocketListener): Wire {
  let alive = true;
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('message', () => listener.message());
  socket.on('close', () => listener.closed());
  return {
    send: (frame) => socket.send(JSON.stringify(frame)),
    beat() {
      const answered = alive;
      alive = false;
      socket.ping();
      return answered;
    },
    get buffered() {
      return socket.bufferedAmount;
    },
    end(reason, retry) {
      const timer = setTimeout(() => socket.terminate(), GOODBYE);
      socket.on('close', () => clearTimeout(timer));
      socket.send(JSON.stringify(endFrame(reason, retry)));
      socket.close(END_CODES[reason], reason);
    },
    destroy: () => socket.terminate(),
  };
}
