import { Piscina } from 'piscina';
import type { PasswordTask } from './password-worker.ts';

/** More sign-ins at once than this process can check; the client should come back a little later. */
export class TooManyPasswords extends Error {
  override readonly name = 'TooManyPasswords';
}

export interface Passwords {
  hash(password: string): Promise<string>;
  /** With `undefined` for the hash of an unknown user it takes the same time, and is false. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  close(): Promise<void>;
}

/** The hash of a password that nobody has, with today's parameters. */
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWF0LWFsbC0h$Zr1vZ4mGbMZ7Y3q1yPzYF4kC3c9bG5r0m1wqz9s7Z1E';

/** Nice values go to 19; the event loop runs at 0 and gets what it asks for first. */
const NICE = 10;

interface Options {
  /** Passwords that may wait; each takes 20 to 30 ms. More are refused. */
  maxQueue: number;
}

/**
 * Hashes and checks passwords on one thread of low priority with a bounded queue, so that a storm of sign-ins takes the
 * CPU that reads leave over and not the other way round.
 */
export function createPasswords({ maxQueue }: Options): Passwords {
  const pool = new Piscina<PasswordTask, string | boolean>({
    filename: new URL('password-worker.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 60_000,
    maxQueue,
    niceIncrement: NICE,
  });
  const run = async (task: PasswordTask) => {
    if (pool.queueSize >= maxQueue) throw new TooManyPasswords(`${maxQueue} passwords are waiting to be checked`);
    return pool.run(task);
  };
  return {
    hash: async (password) => String(await run({ kind: 'hash', password: normalise(password) })),
    async verify(password, hash) {
      const matches = await run({ kind: 'verify', password: normalise(password), hash: hash ?? NOBODY });
      return matches === true && hash !== undefined;
    },
    close: () => pool.destroy(),
  };
}

/** The same characters typed on different keyboards are the same password (RFC 8265 in its essence). */
function normalise(password: string): string {
  return password.normalize('NFKC');
}
