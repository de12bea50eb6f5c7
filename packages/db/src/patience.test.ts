import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answerWithin } from './patience.ts';

describe('answerWithin', () => {
  it('is the answer', async () => {
    await expect(answerWithin(1000, wait(1, 'yes'))).resolves.toBe('yes');
  });

  it('is an error when none came', async () => {
    await expect(answerWithin(20, new Promise(() => undefined))).rejects.toThrow('timeout: no answer in 20 ms');
  });

  it('is the answer that came in time and could not be read, since the process was busy', async () => {
    const server = createServer((socket) => socket.end('yes')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const socket = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1');
    const answer = answerWithin(50, once(socket, 'data').then(String));
    const until = performance.now() + 200;
    while (performance.now() < until); // the time-out is due, and nothing has been read
    await expect(answer).resolves.toBe('yes');
    server.close();
  });
});
