import type { FastifyReply, FastifyRequest } from 'fastify';
import { endFrame, type Frame, type Wire } from './frames.ts';

/** Milliseconds for which a stream that has ended may stay open to be read to its end. */
const GOODBYE = 2000;

/**
 * Answers with a stream of Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * A peer that vanished without a word is not found by heartbeats here; its stream ends with its token at the latest.
 */
export function openSse(request: FastifyRequest, reply: FastifyReply, onClose: () => void): Wire {
  reply.hijack();
  const { raw } = reply;
  request.raw.socket.setTimeout(0); // a stream may be silent for longer than a request
  if (raw.closed) setImmediate(onClose);
  else raw.on('close', onClose);
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    connection: 'close',
  });
  return {
    send: (frame) => void raw.write(encode(frame)),
    beat: () => {
      raw.write(':\n\n');
      return true;
    },
    get buffered() {
      return raw.writableLength;
    },
    end(reason, retry) {
      const timer = setTimeout(() => raw.destroy(), GOODBYE);
      raw.on('close', () => clearTimeout(timer));
      raw.end(`retry: ${retry}\n${encode(endFrame(reason, retry))}`);
    },
    destroy: () => void raw.destroy(),
  };
}

function encode({ id, event, data }: Frame): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
