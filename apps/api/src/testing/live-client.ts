import { get, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { until } from './replica.ts';

export type Kind = 'websocket' | 'sse';
export const KINDS: readonly Kind[] = ['websocket', 'sse'];

interface Seen {
  id?: string;
  event: string;
  data: Record<string, unknown>;
}

type Headers = Record<string, string>;

/** A client of the live stream, as a browser or a phone would be one. */
export interface LiveClient {
  readonly frames: Seen[];
  /** Heartbeats: comments, or pings. */
  readonly beats: number;
  /** Where to go on. */
  readonly lastId: string | undefined;
  /** Undefined while it is open; then the close code of a WebSocket, or 0. */
  readonly closed: number | undefined;
  /** The replica that serves it. */
  readonly servedBy: string | undefined;
  /** Takes nothing in any more. */
  pause(): void;
  /** Sends a message, where one can be sent. */
  say(text: string): void;
  close(): void;
}

/** A problem instead of a stream. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly problem: { status: number; code: string };
  constructor(problem: { status: number; code: string }) {
    super(`${problem.status} ${problem.code}`);
    this.problem = problem;
  }
}

/**
 * Opens a stream and waits for its first frame.
 *
 * @param url of `/v1/live`, with its query. @throws Refused
 */
export async function openLive(kind: Kind, url: string, headers: Headers = {}, options: { autoPong?: boolean } = {}): Promise<LiveClient> {
  const seen: Sink = {
    frames: [],
    beats: 0,
    closed: undefined,
    servedBy: undefined,
  };
  const stream = kind === 'sse' ? await openSse(url, headers, seen) : await openWebSocket(url, headers, options, seen);
  const client: LiveClient = {
    get frames() {
      return seen.frames;
    },
    get beats() {
      return seen.beats;
    },
    get lastId() {
      return seen.frames.findLast(({ id }) => id !== undefined)?.id;
    },
    get closed() {
      return seen.closed;
    },
    get servedBy() {
      return seen.servedBy;
    },
    ...stream,
  };
  await until('the first frame has come', () => client.frames.length > 0 || client.closed !== undefined);
  return client;
}

/** Tries to open a stream. @returns `opened`, or the problem that was answered: `503 live_unavailable`. */
export async function refusal(kind: Kind, url: string, headers: Headers): Promise<unknown> {
  try {
    const client = await openLive(kind, url, headers);
    client.close();
    return 'opened';
  } catch (error) {
    return error instanceof Refused ? error.message : error;
  }
}

/** What happened to orders, without what is about the stream itself. */
export function orderEvents({ frames }: LiveClient) {
  return frames.filter(({ event }) => event.startsWith('order.'));
}

type Controls = Pick<LiveClient, 'pause' | 'say' | 'close'>;

interface Sink {
  frames: Seen[];
  beats: number;
  closed: number | undefined;
  servedBy: string | undefined;
}

function openWebSocket(url: string, headers: Headers, { autoPong = true }: { autoPong?: boolean }, sink: Sink) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers, autoPong });
  socket.on('message', (data: Buffer) => sink.frames.push(JSON.parse(data.toString())));
  socket.on('ping', () => (sink.beats += 1));
  socket.on('close', (code) => (sink.closed = code));
  socket.on('upgrade', (response) => (sink.servedBy = String(response.headers['x-served-by'])));
  return new Promise<Controls>((resolve, reject) => {
    socket.on('open', () => resolve({ pause: () => socket.pause(), say: (text) => socket.send(text), close: () => socket.terminate() }));
    socket.on('unexpected-response', (_request, response) => void refuse(response).then(reject, reject));
    socket.on('error', reject);
  });
}

function openSse(url: string, headers: Headers, sink: Sink) {
  return new Promise<Controls>((resolve, reject) => {
    const request = get(url, { agent: false, headers: { ...headers, accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) {
        void refuse(response).then(reject, reject);
        return;
      }
      sink.servedBy = String(response.headers['x-served-by']);
      readEvents(response, sink);
      resolve({ pause: () => response.pause(), say: () => undefined, close: () => request.destroy() });
    });
    request.on('error', (error) => {
      sink.closed = 0;
      reject(error);
    });
  });
}

function readEvents(response: IncomingMessage, sink: Sink) {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.split(': ')[0] ?? '', line.slice(line.indexOf(': ') + 2)]));
      const id = fields.get('id');
      const event = fields.get('event');
      if (event === undefined) sink.beats += 1;
      else sink.frames.push({ ...(id !== undefined && { id }), event, data: JSON.parse(fields.get('data') ?? '') });
    }
  });
  response.on('error', () => undefined);
  response.on('close', () => (sink.closed = 0));
}

async function refuse(response: IncomingMessage): Promise<Refused> {
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return new Refused(JSON.parse(body));
}
