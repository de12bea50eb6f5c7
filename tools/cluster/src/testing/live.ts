import { setTimeout as wait } from 'node:timers/promises';
import { post } from './people.ts';
import type { Shopper } from './shop.ts';

export const WIRES = ['websocket', 'sse'] as const;
export type Wire = (typeof WIRES)[number];

/** What a client was told, over however many streams. */
export interface Follower {
  /** `order.paid 019b…`, in the order in which they came. */
  readonly heard: string[];
  /** Why streams ended, in turn; `broken off` is one that said nothing. */
  readonly endings: string[];
  readonly resets: number;
  /** How many streams were opened. */
  readonly opened: number;
  /** Where another one goes on. */
  readonly lastId: string | undefined;
  stop(): Promise<void>;
}

interface Frame {
  id?: string;
  event: string;
  data: { orderId?: string; reason?: string; retry?: number };
}

/**
 * Follows somebody's orders as a page in a browser does: with a ticket for each stream, from where the last one ended.
 *
 * @param after the id of what was told last, by another follower.
 */
export function follow(who: Shopper, wire: Wire, after?: string): Follower {
  const heard: string[] = [];
  const endings: string[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;
  let lastId = after;
  let [opened, resets] = [0, 0];
  let pause = 0;

  const take = ({ id, event, data }: Frame) => {
    lastId = id ?? lastId;
    if (event === 'ready') opened += 1;
    if (event === 'reset') resets += 1;
    if (event.startsWith('order.')) heard.push(`${event} ${data.orderId}`);
    if (event !== 'end') return;
    endings.push(data.reason ?? '');
    pause = data.retry ?? 0;
  };

  const once = async () => {
    const { body } = await post(who.url, '/v1/live/tickets', undefined, who.tokens.accessToken);
    const query = new URLSearchParams({ ticket: String(body['ticket']), ...(lastId !== undefined && { lastEventId: lastId }) });
    const before = endings.length;
    pause = 100;
    await (wire === 'sse' ? readEvents : readMessages)(`${who.url}/v1/live?${query.toString()}`, signal, take);
    if (endings.length === before) endings.push('broken off');
  };

  const running = (async () => {
    while (!signal.aborted) {
      await once().catch(() => undefined);
      await wait(pause);
    }
  })();

  return {
    heard,
    endings,
    get resets() {
      return resets;
    },
    get opened() {
      return opened;
    },
    get lastId() {
      return lastId;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Resolves when the stream has ended. */
async function readMessages(url: string, signal: AbortSignal, take: (frame: Frame) => void): Promise<void> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  socket.addEventListener('message', ({ data }) => take(JSON.parse(String(data))));
  signal.addEventListener('abort', () => socket.close());
  await new Promise((resolve) => {
    socket.addEventListener('close', resolve);
  });
}

async function readEvents(url: string, signal: AbortSignal, take: (frame: Frame) => void): Promise<void> {
  const { body, status } = await fetch(url, { headers: { accept: 'text/event-stream' }, signal });
  if (status !== 200 || !body) throw new Error(`no stream: ${status}`);
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const [id, event, data] = [field('id'), field('event'), field('data')];
      if (event !== undefined) take({ ...(id !== undefined && { id }), event, data: JSON.parse(data ?? '{}') });
    }
  }
}
