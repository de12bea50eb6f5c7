import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A moment in a transaction: before a statement of it reaches the server, or after the server's answer has left. */
export interface Moment {
  /** 0 is BEGIN. */
  statement: number | 'COMMIT';
  side: 'before' | 'after';
}

/** Messages that are part of a statement: parse, bind, describe, execute. It ends with a Sync. */
const PARTS = new Set(['P', 'B', 'D', 'E']);

/**
 * Stands between one client and PostgreSQL and can stop a transaction at any of its statements, for a test that kills the
 * client there. Only whole messages are passed on (https://www.postgresql.org/docs/18/protocol-message-formats.html).
 */
export async function startPostgresProxy(target: { host: string; port: number }) {
  const sockets = new Set<Socket>();
  let armed: { moment: Moment; reached: () => void; release?: () => void } | undefined;

  const server = createServer((client) => {
    const upstream = connect(target);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.on('close', () => (sockets.delete(one), other.destroy()));
    }
    let statement: number | undefined;
    let isCommit = false;
    let isHeld = false;
    const isNow = (side: Moment['side']) =>
      statement !== undefined &&
      armed?.moment.side === side &&
      (armed.moment.statement === 'COMMIT' ? isCommit : armed.moment.statement === statement);
    const hold = () => {
      isHeld = true;
      armed?.reached();
    };

    // What the client says, one statement at a time: all up to a simple query, or up to a Sync.
    let pending = Buffer.alloc(0);
    const fromClient = readMessages({ hasStartup: true }, (type, message) => {
      pending = Buffer.concat([pending, message]);
      if (PARTS.has(type)) return;
      if (type === 'Q' || type === 'S') {
        const text = type === 'Q' ? message.toString('utf8', 5, 11) : '';
        statement = text.startsWith('BEGIN') ? 0 : statement === undefined || isCommit ? undefined : statement + 1;
        isCommit = text === 'COMMIT';
        if (isNow('before')) hold();
      }
      if (!isHeld) upstream.write(pending);
      pending = Buffer.alloc(0);
    });
    client.on('data', fromClient);

    // What the server answers: whole answers, which end when it is ready for the next statement.
    let answer = Buffer.alloc(0);
    const fromServer = readMessages({ hasStartup: false }, (type, message) => {
      if (!isNow('after')) {
        client.write(message);
        return;
      }
      answer = Buffer.concat([answer, message]);
      if (type !== 'Z') return;
      const held = answer;
      if (armed) armed.release = () => void client.write(held);
      hold();
    });
    upstream.on('data', fromServer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy listens on no port');

  return {
    port: address.port,
    /** @returns when the next transaction has come to that moment; it goes no further. */
    stopAt(moment: Moment): Promise<void> {
      return new Promise((resolve) => {
        armed = { moment, reached: resolve };
      });
    },
    /** Lets it go on, where it was stopped after an answer: the client hears it now. */
    release() {
      armed?.release?.();
      armed = undefined;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Cuts a stream into messages: a type of one byte (but for a client's first message) and a length of four. */
function readMessages({ hasStartup }: { hasStartup: boolean }, onMessage: (type: string, message: Buffer) => void) {
  let buffered = Buffer.alloc(0);
  let typeBytes = hasStartup ? 0 : 1;
  return (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= typeBytes + 4) {
      const length = typeBytes + buffered.readInt32BE(typeBytes);
      if (buffered.length < length) return;
      onMessage(buffered.toString('latin1', 0, typeBytes), buffered.subarray(0, length));
      buffered = buffered.subarray(length);
      typeBytes = 1;
    }
  };
}
