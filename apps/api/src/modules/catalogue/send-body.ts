import type { Cached } from '@tenfold/cache';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { matches } from '../../plugins/conditional.ts';
import type { Body } from './catalogue-cache.ts';

/** Kept by browsers and proxies, and asked about each time: a 304 is cheap, a wrong price is not. */
export const CACHE_CONTROL = 'public, no-cache';

/** Sends what was serialised when it was loaded, or 304 when the client has it already. */
export function sendCached(request: FastifyRequest, reply: FastifyReply, { value, status }: Cached<Body>) {
  void reply.headers({ etag: value.etag, 'cache-control': CACHE_CONTROL, 'cache-status': status });
  if (matches(request.headers['if-none-match'], value.etag)) return reply.code(304).send();
  return sendBody(reply, value);
}

export function sendBody(reply: FastifyReply, { text, etag }: Body) {
  return reply.header('etag', etag).type('application/json; charset=utf-8').send(text);
}
