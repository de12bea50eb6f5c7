import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError, type Place } from '@tenfold/cluster';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { Audience } from './foreground.ts';

/** What the supervisor in the background tells the command that waits for it. */
const Message = Type.Union([
  Type.Object({ say: Type.String() }),
  Type.Object({ ready: Type.String() }),
  Type.Object({ failed: Type.String() }),
]);
type Message = Static<typeof Message>;

/**
 * Starts the supervisor in a session of its own and waits until its cluster is ready.
 *
 * @param argv the same command without `--detach`.
 * @throws ClusterError with the reason when it does not get ready; nothing runs then.
 */
export async function runDetached(place: Place, entry: string, argv: readonly string[], audience: Audience): Promise<void> {
  const log = openSync(join(place.logs, 'supervisor.log'), 'a', 0o600);
  const child = fork(entry, argv, { detached: true, stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const interrupt = () => child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let failure = `The supervisor ended before the cluster was ready: see ${place.logs}/supervisor.log.`;
  child.on('message', (received: unknown) => {
    const message = Value.Parse(Message, received);
    if ('say' in message) audience.say(message.say);
    else if ('failed' in message) failure = message.failed;
    else {
      audience.ready(message.ready);
      child.disconnect();
      child.unref();
      resolve();
    }
  });
  child.on('error', reject);
  child.on('exit', () => reject(new ClusterError(failure)));
  await promise;
}

/** Whether this process is the supervisor that {@link runDetached} started. */
export const isDetached = () => process.send !== undefined;

/** The other side: what it tells, and to whom as long as somebody waits. Resolves when it is on its way. */
export function tellParent(message: Message): Promise<void> {
  if (!process.connected) return Promise.resolve();
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}
