/** Fastify and nothing else: the same bytes through its router and its reply. */
import Fastify from 'fastify';
import { listen } from './listen.ts';
import { isRecorded, type Recorded } from './recorded.ts';

const app = Fastify();
const answers = new Map<string, Recorded>();
process.on('message', (message) => {
  if (isRecorded(message)) answers.set(message.path, message);
});
app.get('/v1/products/:id', async (request, reply) => {
  const answer = answers.get(request.url);
  return reply.headers(answer?.headers ?? {}).send(answer?.body);
});
await app.ready();
listen(app.server);
