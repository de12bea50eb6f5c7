import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { LifecycleState } from '@tenfold/runtime';

interface HealthOptions {
  state: () => LifecycleState;
  degraded: () => boolean;
}

/** `/health`: the process lives. `/ready`: 503 only while booting or draining, as the API's. Resolves once it listens. */
export async function serveHealth({ state, degraded }: HealthOptions, host: string, port: number): Promise<Server> {
  const answers: Readonly<Record<string, () => { code: number; status: string }>> = {
    '/health': () => ({ code: 200, status: 'ok' }),
    '/ready': () => {
      const now = state();
      return now === 'ready' ? { code: 200, status: degraded() ? 'degraded' : 'ok' } : { code: 503, status: now };
    },
  };
  const server = createServer((request, response) => {
    const answer = request.method === 'GET' ? answers[request.url ?? '']?.() : undefined;
    const { code, status } = answer ?? { code: 404, status: 'not found' };
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ status }));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}
