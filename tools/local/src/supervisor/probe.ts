import { Agent, request } from 'node:http';

/** Longer than a hang may last before its replica is replaced: any answer until then is a sign of life. */
const GIVE_UP = 15_000;

/** What is known of a process that answers `GET /ready`. */
export interface Probe {
  /** Ticks since anything was answered. */
  readonly silentTicks: number;
  /** Whether the last answer was 200. */
  readonly ready: boolean;
  /** Counts, and asks a process that runs, unless a question is still open: a slow one must not be buried under probes. */
  tick(running: boolean): void;
  /** A fresh process has been seen to be ready. */
  reset(): void;
}

/** `changed` is called when `ready` changes, without waiting for the next tick. */
export function createProbe(port: number, changed: () => void): Probe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let silentTicks = 0;
  let ready = false;
  let open = false;
  const answered = (now: boolean) => {
    silentTicks = 0;
    if (now === ready) return;
    ready = now;
    changed();
  };
  return {
    get silentTicks() {
      return silentTicks;
    },
    get ready() {
      return ready;
    },
    tick(running) {
      silentTicks += 1;
      if (!running || open) return;
      open = true;
      void ask(port, agent)
        .then(answered, () => undefined)
        .finally(() => (open = false));
    },
    reset() {
      silentTicks = 0;
      ready = true;
    },
  };
}

/** Whether `GET /ready` is answered by 200; any other answer is `false`. @throws when there is none. */
export function ask(port: number, agent?: Agent): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path: '/ready', timeout: GIVE_UP, agent: agent ?? false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
      response.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
