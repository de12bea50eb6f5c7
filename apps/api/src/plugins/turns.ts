import fp from 'fastify-plugin';

/** Requests that are begun in one turn of the event loop. */
const A_TURN = 4;

/**
 * Begins a few requests in a turn of the event loop, in the order in which they came, however many are there. libuv accepts one
 * connection in a turn (libuv/libuv#3696): were a turn as long as all that has piled up, the edge, which opens
 * connections just then, would wait for seconds at them, and time-outs would fire before the answers that are there are read.
 */
export const turnsPlugin = fp(
  async (app) => {
    const waiting: (() => void)[] = [];
    let begun = 0;
    const turn = () => {
      const next = waiting.splice(0, A_TURN);
      begun = next.length;
      if (begun > 0) setImmediate(turn);
      for (const begin of next) begin();
    };
    app.addHook('onRequest', (_request, _reply, done) => {
      if (begun === A_TURN || waiting.length > 0) {
        waiting.push(done);
        return;
      }
      if (begun === 0) setImmediate(turn);
      begun += 1;
      done();
    });
  },
  { name: 'turns' },
);
